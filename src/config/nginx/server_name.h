// The names of a server and how one of many servers is chosen by them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "config/nginx/expression.h"

namespace tierce::config::nginx {

struct ServerName {
  enum class Kind : std::uint8_t {
    kExact,          // example.com; "" is a request without a Host.
    kExactAndBelow,  // .example.com: itself and all below it
    kBelow,          // *.example.com
    kAnyEnding,      // www.example.*
    kRegex,          // ~^www\d+
  };
  Kind kind = Kind::kExact;
  std::string text;     // In small letters without its star and the dot beside it; a regex without its '~'.
  std::string written;  // What $server_name says; in small letters too, unless it is a regex.
  std::shared_ptr<const Regex> regex;
};

// Fails with nginx's words.
Result<ServerName> parse_server_name(std::string_view text);

// The Host of a request as server names are compared with it: in small letters, without its port and the dot at its
// end. nullopt: no Host that a server could have, the request is refused with 400.
std::optional<std::string> normal_host(std::string_view host);

// The servers that share an address, by their names. Exact names go before those with a star in front (the longest
// first), those before the ones with a star at the end, and these before expressions, in their order.
class ServerNames {
 public:
  // The first to have a name keeps it; false: another one has it already, which nginx only warns of.
  bool add(const ServerName& name, std::size_t server);
  // nullopt: none has it, the address's default server answers.
  // `by`, where it is asked for: the expression that found it, which holds the captures, or nullptr.
  std::optional<std::size_t> find(std::string_view normal_host, const Regex** by = nullptr) const;

 private:
  using ByName = std::unordered_map<std::string, std::size_t>;
  ByName exact_, below_, any_ending_;
  std::vector<std::pair<std::shared_ptr<const Regex>, std::size_t>> expressions_;
};

}  // namespace tierce::config::nginx
