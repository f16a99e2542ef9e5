// Which language a file is written in, by its name and what stands in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tierce::check {

enum class FileKind : std::uint8_t { kUnknown, kDockerfile, kSupervisor, kOneFile, kNginx, kUwsgi, kGunicorn, kPython };

FileKind kind_of_file(const std::string& path, std::string_view text);

}  // namespace tierce::check
