// SHA-1, for what old formats still ask of it (password files). Not for anything new.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tierce {

std::array<std::uint8_t, 20> sha1(std::string_view data);

}  // namespace tierce
