// The error logs that the configuration names, by the block a message comes from, in nginx's form:
//   2026/11/24 10:00:00 [error] 12#12: *3 message, client: 127.0.0.1, server: x, request: "GET / HTTP/1.1", host: "x"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/nginx/model.h"
#include "nginx/log_target.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class Request;
class Site;

enum class Level : std::uint8_t { kEmerg, kAlert, kCrit, kError, kWarn, kNotice, kInfo, kDebug };
std::string_view name_of(Level level);
// kError for a word that is none.
Level level_of(std::string_view word);

class ErrorLogs {
 public:
  explicit ErrorLogs(Site& site) : site_(site) {}
  Result<void> open();

  void line(Level level, std::string_view text);
  // With what is known of the request behind it.
  void line(Level level, Request& request, std::string_view text);
  bool wants(Level level, const Request& request);

 private:
  struct Sink {
    LogTarget* target;
    Level least;
  };
  using Sinks = std::vector<Sink>;
  const Sinks& sinks_of(const std::vector<conf::ErrorLog>& logs);
  Result<Sinks> open_sinks(const std::vector<conf::ErrorLog>& logs);
  static void write(const Sinks& sinks, Level level, std::string_view text);

  Site& site_;
  Sinks main_;
  // By where the settings stand: inherited ones are the same text again.
  std::unordered_map<const void*, Sinks> of_settings_;
};

}  // namespace tierce::nginx
