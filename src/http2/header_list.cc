#include "http2/header_list.h"

#include <algorithm>

#include "http/field_rules.h"

namespace tierce::http2 {

HeaderList::Part HeaderList::keep(std::string_view text) {
  const Part part{static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(text.size())};
  bytes_ += text;
  return part;
}

std::string_view HeaderList::find(std::string_view name) const {
  for (const Entry& entry : fields_) {
    if (in(entry.name) == name) return in(entry.value);
  }
  return {};
}

void HeaderList::clear() {
  bytes_.clear();
  fields_.clear();
  method_ = scheme_ = authority_ = path_ = {};
  counted_ = cookies_ = 0;
  problem_ = Problem::kNone;
}

bool HeaderList::add(std::string_view name, std::string_view value, std::size_t bytes_max) {
  counted_ += name.size() + value.size() + 32;
  if (counted_ > bytes_max) return false;
  if (name == ":method") return method_ = keep(value), true;
  if (name == ":scheme") return scheme_ = keep(value), true;
  if (name == ":authority") return authority_ = keep(value), true;
  if (name == ":path") return path_ = keep(value), true;
  if (name == "cookie") ++cookies_;
  const Part kept = keep(name);
  fields_.push_back({kept, keep(value)});
  return true;
}

bool HeaderList::finish() {
  if (cookies_ > 1) join_cookies();
  std::size_t hosts = 0;
  for (const Entry& entry : fields_) {
    if (in(entry.name) != "host") continue;
    const std::string_view host = in(entry.value);
    // Two that read them differently would serve different sites.
    const bool same = std::equal(host.begin(), host.end(), authority().begin(), authority().end(), [](char a, char b) {
      const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c; };
      return lower(a) == lower(b);
    });
    if (++hosts > 1 || (authority_.bytes > 0 && !same)) return false;
  }
  return true;
}

void HeaderList::join_cookies() {
  std::string all;
  for (const Entry& entry : fields_) {
    if (in(entry.name) != "cookie") continue;
    if (!all.empty()) all += "; ";
    all += in(entry.value);
  }
  const auto is_cookie = [this](const Entry& entry) { return in(entry.name) == "cookie"; };
  const auto first = std::find_if(fields_.begin(), fields_.end(), is_cookie);
  first->value = keep(all);
  fields_.erase(std::remove_if(first + 1, fields_.end(), is_cookie), fields_.end());
}

std::string HeaderList::as_text() const {
  std::string text;
  text.reserve(bytes_.size() + 4 * fields_.size() + 32);
  text.append(method()).append(" ").append(path()).append(" HTTP/1.1\r\n");
  if (authority_.bytes > 0) text.append("host: ").append(authority()).append("\r\n");
  for (std::size_t i = 0; i < count(); ++i) {
    const auto [name, value] = (*this)[i];
    if (authority_.bytes > 0 && name == "host") continue;
    text.append(name).append(": ").append(value).append("\r\n");
  }
  return text.append("\r\n");
}

}  // namespace tierce::http2
