#include "nginx/answer_rewriting.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace tierce::nginx {
namespace {

using std::string_view;
using Replacements = std::optional<std::vector<conf::Replacement>>;

bool same(string_view one, string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

// How much of `value` a text stands for, from its start; nullopt: it does not fit.
using Fits = std::optional<std::pair<std::size_t, std::size_t>> (*)(string_view value, string_view text);

// The whole text in front of the value.
std::optional<std::pair<std::size_t, std::size_t>> as_prefix(string_view value, string_view text) {
  if (!value.starts_with(text)) return std::nullopt;
  return std::pair(std::size_t{0}, text.size());
}

// The whole value but for a dot in front of it, which stays.
std::optional<std::pair<std::size_t, std::size_t>> as_domain(string_view value, string_view text) {
  const std::size_t dot = value.starts_with('.') ? 1 : 0;
  if (!same(value.substr(dot), text)) return std::nullopt;
  return std::pair(dot, value.size() - dot);
}

// The first that fits decides. An expression that matches anywhere replaces all of the value.
std::optional<std::string> replaced(const Replacements& all, string_view value, Fits fits, const Rewriting& with) {
  if (!all) return std::nullopt;
  for (const conf::Replacement& each : *all) {
    if (each.expression.regex != nullptr) {
      if (!each.expression.regex->matches(value)) continue;
      with.matched(*each.expression.regex, value);
      return with.text(each.to);
    }
    const auto part = fits(value, with.text(each.from));
    if (!part) continue;
    const auto [begin, length] = *part;
    std::string made(value);
    return made.replace(begin, length, with.text(each.to));
  }
  return std::nullopt;
}

string_view without_blanks(string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// "name=value", "Path=/", "Secure".
struct Part {
  std::string name;
  std::optional<std::string> value;
};

std::vector<Part> parts_of(string_view cookie) {
  std::vector<Part> parts;
  for (;;) {
    const std::size_t end = cookie.find(';');
    const string_view part = cookie.substr(0, end);
    const std::size_t equals = part.find('=');
    Part& made = parts.emplace_back();
    made.name = without_blanks(part.substr(0, equals));
    if (equals != string_view::npos) made.value = without_blanks(part.substr(equals + 1));
    if (end == string_view::npos) return parts;
    cookie.remove_prefix(end + 1);
  }
}

std::string joined(const std::vector<Part>& parts) {
  std::string made;
  for (const Part& part : parts) {
    if (&part != &parts.front()) made += "; ";
    made += part.name;
    if (part.value) made.append("=").append(*part.value);
  }
  return made;
}

// What is wanted of the flags of a cookie.
struct Wanted {
  std::optional<bool> secure, http_only;
  std::optional<std::string> same_site;  // "": none.
  bool any() const { return secure || http_only || same_site; }
};

// Where flags contradict each other nginx lets the one that is set win, of SameSite the strictest.
Wanted wanted_of(const conf::CookieFlags& flags, const Rewriting& with) {
  Wanted wanted;
  const auto set_flag = [](std::optional<bool>& flag, bool on) { flag = on || flag.value_or(false); };
  const auto strictness = [](string_view site) {
    return site == "Strict" ? 3 : site == "Lax" ? 2 : site == "None" ? 1 : 0;
  };
  const auto set_site = [&](string_view site) {
    if (!wanted.same_site || strictness(site) > strictness(*wanted.same_site)) wanted.same_site = site;
  };
  for (const conf::TextValue& each : flags.flags) {
    const std::string flag = with.text(each);
    if (same(flag, "secure")) set_flag(wanted.secure, true);
    if (same(flag, "nosecure")) set_flag(wanted.secure, false);
    if (same(flag, "httponly")) set_flag(wanted.http_only, true);
    if (same(flag, "nohttponly")) set_flag(wanted.http_only, false);
    if (same(flag, "samesite=strict")) set_site("Strict");
    if (same(flag, "samesite=lax")) set_site("Lax");
    if (same(flag, "samesite=none")) set_site("None");
    if (same(flag, "nosamesite")) set_site("");
  }
  return wanted;
}

const conf::CookieFlags* flags_for(const std::vector<conf::CookieFlags>& all, string_view cookie,
                                   const Rewriting& with) {
  for (const conf::CookieFlags& each : all) {
    if (each.expression.regex != nullptr) {
      if (!each.expression.regex->matches(cookie)) continue;
      with.matched(*each.expression.regex, cookie);
      return &each;
    }
    if (same(cookie, with.text(each.name))) return &each;
  }
  return nullptr;
}

void set_flags(std::vector<Part>& parts, const Wanted& wanted) {
  bool secure = false, http_only = false, same_site = false;
  const auto drop = [&](Part& part) {
    if (same(part.name, "secure")) {
      secure = true;
      return wanted.secure == false;
    }
    if (same(part.name, "httponly")) {
      http_only = true;
      return wanted.http_only == false;
    }
    if (!same(part.name, "samesite") || !wanted.same_site) return false;
    if (wanted.same_site->empty()) return true;
    // A second one has had its turn: nginx leaves it alone.
    if (!same_site && !same(part.value.value_or(""), *wanted.same_site))
      part = {.name = "SameSite", .value = wanted.same_site};
    same_site = true;
    return false;
  };
  std::vector<Part> kept(parts.begin(), parts.begin() + 1);
  for (auto part = parts.begin() + 1; part != parts.end(); ++part) {
    if (!drop(*part)) kept.push_back(std::move(*part));
  }
  parts = std::move(kept);
  if (wanted.secure == true && !secure) parts.push_back({.name = "Secure", .value = {}});
  if (wanted.http_only == true && !http_only) parts.push_back({.name = "HttpOnly", .value = {}});
  if (wanted.same_site && !wanted.same_site->empty() && !same_site)
    parts.push_back({.name = "SameSite", .value = wanted.same_site});
}

}  // namespace

std::optional<std::string> rewrite_location(const conf::ProxySettings& settings, string_view value,
                                            const Rewriting& with) {
  return replaced(settings.redirect, value, as_prefix, with);
}

std::optional<std::string> rewrite_refresh(const conf::ProxySettings& settings, string_view value,
                                           const Rewriting& with) {
  constexpr string_view kMark = "url=";
  for (std::size_t at = 0; at + kMark.size() <= value.size(); ++at) {
    if (!same(value.substr(at, kMark.size()), kMark)) continue;
    const std::size_t begin = at + kMark.size();
    auto made = replaced(settings.redirect, value.substr(begin), as_prefix, with);
    if (made) made->insert(0, value.substr(0, begin));
    return made;
  }
  return std::nullopt;
}

std::optional<std::string> rewrite_cookie(const conf::ProxySettings& settings, string_view value,
                                          const Rewriting& with) {
  std::vector<Part> parts = parts_of(value);
  if (!parts.front().value) return std::nullopt;
  bool changed = false;
  const auto replace = [&](std::optional<std::string>& part, const Replacements& all, Fits fits) {
    auto made = replaced(all, *part, fits, with);
    if (!made) return;
    part = std::move(made);
    changed = true;
  };
  for (auto part = parts.begin() + 1; part != parts.end(); ++part) {
    if (!part->value) continue;
    if (same(part->name, "domain")) replace(part->value, settings.cookie_domain, as_domain);
    if (same(part->name, "path")) replace(part->value, settings.cookie_path, as_prefix);
  }
  if (settings.cookie_flags) {
    const conf::CookieFlags* flags = flags_for(*settings.cookie_flags, parts.front().name, with);
    const Wanted wanted = flags == nullptr ? Wanted{} : wanted_of(*flags, with);
    if (wanted.any()) {
      set_flags(parts, wanted);
      changed = true;
    }
  }
  return changed ? std::optional(joined(parts)) : std::nullopt;
}

}  // namespace tierce::nginx
