// For the tests of FastCGI: records as a web server makes them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tierce::http {

inline std::string fastcgi_record(int type, int id, const std::string& content, int padding = 0) {
  std::string record = {1,
                        static_cast<char>(type),
                        static_cast<char>(id >> 8),
                        static_cast<char>(id),
                        static_cast<char>(content.size() >> 8),
                        static_cast<char>(content.size()),
                        static_cast<char>(padding),
                        0};
  return record + content + std::string(static_cast<std::size_t>(padding), 'P');
}
inline std::string fastcgi_begin(int id = 1, int flags = 0, int role = 1) {
  return fastcgi_record(1, id, {0, static_cast<char>(role), static_cast<char>(flags), 0, 0, 0, 0, 0});
}
inline std::string fastcgi_length(std::size_t length, bool wide) {
  if (!wide && length < 128) return {static_cast<char>(length)};
  return {static_cast<char>(length >> 24 | 0x80), static_cast<char>(length >> 16), static_cast<char>(length >> 8),
          static_cast<char>(length)};
}
inline std::string fastcgi_pair(const std::string& name, const std::string& value, bool wide = false) {
  return fastcgi_length(name.size(), wide) + fastcgi_length(value.size(), wide) + name + value;
}
inline std::string fastcgi_pairs(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::string pairs;
  for (const auto& [name, value] : variables) pairs += fastcgi_pair(name, value);
  return pairs;
}

}  // namespace tierce::http
