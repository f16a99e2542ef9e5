#include "nginx/referer_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "nginx/letter_case.h"

namespace tierce::nginx {
namespace {

using std::string_view;

constexpr std::size_t kShortest = 11;  // "http://i.ru"
constexpr std::size_t kHostBytesMost = 256;

// What follows http:// or https://; nullopt: neither is in front.
std::optional<string_view> without_scheme(string_view referer) {
  if (referer.size() < kShortest) return std::nullopt;
  for (const string_view scheme : {"http://", "https://"}) {
    if (starts_with_word(referer, scheme)) return referer.substr(scheme.size());
  }
  return std::nullopt;
}

}  // namespace

Result<RefererList> RefererList::make(const std::vector<std::string>& words,
                                      const std::vector<config::nginx::ServerName>& server_names) {
  RefererList list;
  list.any_ = words.empty();
  for (const std::string& word : words) {
    if (word == "none") {
      list.none_ = true;
    } else if (word == "blocked") {
      list.blocked_ = true;
    } else if (word == "server_names") {
      for (const config::nginx::ServerName& name : server_names) {
        list.names_.add(name, list.paths_.size());
        list.has_names_ |= name.kind != config::nginx::ServerName::Kind::kRegex;
      }
      list.paths_.emplace_back();
    } else if (auto added = list.add(word); !added) {
      return fail(std::move(added).error());
    }
  }
  if ((list.none_ || list.blocked_) && !list.has_names_) {
    return fail(
        "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive without any valid "
        "referer");
  }
  return list;
}

Result<void> RefererList::add(const std::string& word) {
  if (word.starts_with('~')) {
    if (word.size() == 1) return fail(Error(fmt::format("empty regex in \"{}\"", word)));
    auto expression = Regex::compile(string_view(word).substr(1), Regex::Case::kIgnored);
    if (!expression) return fail(Error(fmt::format("invalid referer \"{}\": {}", word, expression.error().reason)));
    expressions_.push_back(std::move(*expression));
    return {};
  }
  if (word.find("://") != std::string::npos) return fail(Error(fmt::format("invalid referer \"{}\"", word)));
  const std::size_t slash = std::min(word.find('/'), word.size());
  auto name = config::nginx::parse_server_name(string_view(word).substr(0, slash));
  if (slash == 0 || !name) return fail(Error(fmt::format("invalid referer \"{}\"", word)));
  names_.add(*name, paths_.size());
  paths_.push_back(word.substr(slash));
  has_names_ = true;
  return {};
}

bool RefererList::is_valid(std::optional<string_view> referer) const {
  if (any_) return true;
  if (!referer) return none_;
  const auto page = without_scheme(*referer);
  if (!page) return blocked_;
  const std::size_t host_bytes = std::min(page->find_first_of("/:"), page->size());
  if (host_bytes > kHostBytesMost) return false;
  if (const auto found = names_.find(in_small_letters(page->substr(0, host_bytes)))) {
    const std::size_t slash = page->find('/', host_bytes);
    return (slash == string_view::npos ? string_view() : page->substr(slash)).starts_with(paths_[*found]);
  }
  return std::any_of(expressions_.begin(), expressions_.end(),
                     [&](const Regex& expression) { return expression.matches(*page); });
}

}  // namespace tierce::nginx
