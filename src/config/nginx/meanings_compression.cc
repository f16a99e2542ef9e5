// gzip and gunzip, and brotli and zstd under the names of the well-known modules.
#include <array>

#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using L = LocationSettings;
using C = Compression;

constexpr auto proxied_kinds() {
  return std::to_array<std::string_view>(
      {"off", "expired", "no-cache", "no-store", "private", "no_last_modified", "no_etag", "auth", "any"});
}

template <C L::*Member, int kMost>
Done level_of(Interpreter& in, Level& level, const Node& node) {
  auto& into = (level.location->*Member).level;
  if (auto done = take(in, node, into); !done) return done;
  if (*into < 1 || *into > kMost) return fail(Error(fmt::format("value must be between 1 and {}", kMost)));
  return {};
}

Done gzip_http_version(Interpreter&, Level& level, const Node& node) {
  if (node.words[1] != "1.0" && node.words[1] != "1.1")
    return fail(Error(fmt::format("invalid value \"{}\"", node.words[1])));
  level.location->gzip_http_version = node.words[1];
  return {};
}

Done gzip_disable(Interpreter& in, Level& level, const Node& node) {
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    if (node.words[i] == "msie6" || node.words[i] == "degradation") continue;
    if (auto expression = in.expression(node.words[i], Regex::Case::kIgnored); !expression)
      return fail(std::move(expression).error());
  }
  return take(in, node, level.location->gzip_disable);
}

template <C L::*Member>
Done types(Interpreter& in, Level& level, const Node& node) {
  auto& types = (level.location->*Member).types;
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const std::string& type = node.words[i];
    if (type == "text/html" || std::find(types.begin(), types.end(), type) != types.end()) {
      in.warn(node.place, fmt::format("duplicate MIME type \"{}\"", type));
    } else {
      types.push_back(type);
    }
  }
  if (types.empty()) types.emplace_back("text/html");
  return {};
}

}  // namespace

Meanings compression_meanings() {
  return {
      setting<&L::gzip, &C::on>("gzip", "off", "Whether answers are packed."),
      setting<&L::gzip, &C::level>("gzip_comp_level", level_of<&L::gzip, 9>, "1", "How thoroughly: 1 to 9."),
      setting<&L::gzip, &C::min_length>("gzip_min_length", "20", "Smaller answers are not."),
      setting<&L::gzip, &C::types>("gzip_types", types<&L::gzip>, "", "The content types beside text/html."),
      setting<&L::gzip, &C::buffers>("gzip_buffers", "32 4k", "Buffers for it."),
      choice<&L::gzip, &C::from_files>("gzip_static", "off", "Whether FILE.gz is sent for FILE."),
      setting<&L::gzip_http_version>("gzip_http_version", gzip_http_version, "1.1", "The least version of HTTP."),
      words_among<proxied_kinds, &L::gzip_proxied>("gzip_proxied", "off", "Which requests of proxies are answered so."),
      setting<&L::gzip_disable>("gzip_disable", gzip_disable, "", "User agents that are not."),
      setting<&L::gzip_vary>("gzip_vary", "off", "Whether Vary: Accept-Encoding is said."),
      setting<&L::gunzip>("gunzip", "off", "Whether packed answers are unpacked for clients that cannot."),
      setting<&L::brotli, &C::on>("brotli", "off", "Whether answers are packed by Brotli."),
      setting<&L::brotli, &C::level>("brotli_comp_level", level_of<&L::brotli, 11>, "6", "How thoroughly: 1 to 11."),
      setting<&L::brotli, &C::min_length>("brotli_min_length", "20", "Smaller answers are not."),
      setting<&L::brotli, &C::types>("brotli_types", types<&L::brotli>, "", "The content types beside text/html."),
      setting<&L::brotli, &C::window>("brotli_window", "512k", "The window."),
      setting<&L::brotli, &C::buffers>("brotli_buffers", "32 4k", "Buffers for it."),
      choice<&L::brotli, &C::from_files>("brotli_static", "off", "Whether FILE.br is sent for FILE."),
      setting<&L::zstd, &C::on>("zstd", "off", "Whether answers are packed by Zstandard."),
      setting<&L::zstd, &C::level>("zstd_comp_level", level_of<&L::zstd, 22>, "1", "How thoroughly: 1 to 22."),
      setting<&L::zstd, &C::min_length>("zstd_min_length", "20", "Smaller answers are not."),
      setting<&L::zstd, &C::types>("zstd_types", types<&L::zstd>, "", "The content types beside text/html."),
      setting<&L::zstd, &C::buffers>("zstd_buffers", "32 4k", "Buffers for it."),
      choice<&L::zstd, &C::from_files>("zstd_static", "off", "Whether FILE.zst is sent for FILE."),
  };
}

}  // namespace tierce::config::nginx
