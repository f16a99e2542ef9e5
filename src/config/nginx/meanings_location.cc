// Where files are, and how clients are treated.
#include <array>

#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;
using L = LocationSettings;

// --- root and alias ---

Done document_root(Interpreter& in, Level& level, const Node& node, bool alias) {
  const string_view name = alias ? "alias" : "root";
  if (level.location->root) {
    if (level.location->root->alias == alias) return fail(Error(fmt::format("\"{}\" directive is duplicate", name)));
    return fail(Error(fmt::format("\"{}\" directive is duplicate, \"{}\" directive was specified earlier", name,
                                  alias ? "root" : "alias")));
  }
  if (alias && level.of_location->pattern && level.of_location->pattern->kind == LocationPattern::Kind::kNamed)
    return fail("the \"alias\" directive cannot be used inside the named location");
  for (const string_view variable : {"$document_root", "${document_root}", "$realpath_root", "${realpath_root}"}) {
    if (node.words[1].find(variable) == std::string::npos) continue;
    return fail(
        Error(fmt::format("the ${} variable cannot be used in the \"{}\" directive",
                          variable.find("document") != string_view::npos ? "document_root" : "realpath_root", name)));
  }
  string_view path = node.words[1];
  // An alias replaces the prefix with its slash, a root stands before the path's slash.
  if (!alias && path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  auto text = in.text(path, node.place);
  if (!text) return fail(std::move(text).error());
  std::size_t replaces = 0;
  if (alias && level.of_location->pattern) {
    const LocationPattern& pattern = *level.of_location->pattern;
    replaces = pattern.kind == LocationPattern::Kind::kRegex ? std::string::npos : pattern.text.size();
  }
  level.location->root = DocumentRoot{.path = std::move(*text), .alias = alias, .replaces = replaces};
  return {};
}
Done root(Interpreter& in, Level& level, const Node& node) { return document_root(in, level, node, false); }
Done alias(Interpreter& in, Level& level, const Node& node) { return document_root(in, level, node, true); }

// --- index, try_files, types ---

Done index(Interpreter& in, Level& level, const Node& node) {
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const std::string& word = node.words[i];
    if (word.starts_with('/') && i + 1 != node.words.size())
      in.warn(node.place, fmt::format("only the last index in \"index\" directive should be absolute"));
    if (word.empty()) return fail(Error(fmt::format("index \"{}\" in \"index\" directive is invalid", node.words[1])));
  }
  return take(in, node, level.location->index);
}

Done try_files(Interpreter& in, Level& level, const Node& node) {
  if (level.location->try_files) return fail("\"try_files\" directive is duplicate");
  TryFiles files;
  for (std::size_t i = 1; i + 1 < node.words.size(); ++i) {
    auto candidate = in.text(node.words[i], node.place);
    if (!candidate) return fail(std::move(candidate).error());
    files.candidates.push_back(std::move(*candidate));
  }
  const std::string& last = node.words.back();
  if (last.starts_with('=')) {
    const auto status = parse_number(string_view(last).substr(1));
    if (!status || *status > 999) return fail(Error(fmt::format("invalid code \"{}\"", last)));
    files.status = static_cast<int>(*status);
  } else {
    auto otherwise = in.text(last, node.place);
    if (!otherwise) return fail(std::move(otherwise).error());
    files.otherwise = std::move(*otherwise);
  }
  level.location->try_files = std::move(files);
  return {};
}

Done types(Interpreter& in, Level& level, const Node& node) {
  auto& types = level.location->types;
  if (!types) types.emplace();
  for (const Node& line : node.block) {
    const std::string& type = line.words.front();
    for (std::size_t i = 1; i < line.words.size(); ++i) {
      std::string ending = line.words[i];
      std::transform(ending.begin(), ending.end(), ending.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
      const auto [known, fresh] = types->try_emplace(ending, type);
      if (fresh) continue;
      in.warn(line.place, fmt::format("duplicate extension \"{}\", content type: \"{}\", previous content type: \"{}\"",
                                      ending, type, known->second));
      known->second = type;
    }
  }
  return {};
}

// --- clients ---

Done keepalive_timeout(Interpreter&, Level& level, const Node& node) {
  KeepaliveTimeout timeout;
  timeout.time = std::chrono::milliseconds(parse_time(node.words[1], true).value_or(0));
  if (node.words.size() > 2) {
    const auto header = parse_time(node.words[2], false);
    if (!header) return fail("\"keepalive_timeout\" directive invalid value");
    timeout.in_header = std::chrono::seconds(*header);
  }
  level.location->keepalive_timeout = timeout;
  return {};
}

// Constants are checked, texts with variables are read for each request.
template <std::optional<TextValue> L::*Member>
Done size_or_text(Interpreter& in, Level& level, const Node& node) {
  auto text = in.text(node.words[1], node.place);
  if (!text) return fail(std::move(text).error());
  if (text->constant() && !parse_size(node.words[1], false))
    return fail(Error(fmt::format("\"{}\" directive invalid value", node.words.front())));
  level.location->*Member = std::move(*text);
  return {};
}

Done temp_path(Interpreter&, Level& level, const Node& node) {
  if (auto done = check_levels(node); !done) return done;
  level.location->client_body_temp_path.assign(node.words.begin() + 1, node.words.end());
  return {};
}

Done open_file_cache(Interpreter&, Level& level, const Node& node) {
  bool sized = false;
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const string_view word = node.words[i];
    const bool good = word == "off" || (word.starts_with("max=") && parse_number(word.substr(4)).value_or(0) > 0) ||
                      (word.starts_with("inactive=") && parse_time(word.substr(9), false));
    if (!good) return fail(Error(fmt::format("invalid \"open_file_cache\" parameter \"{}\"", word)));
    sized = sized || !word.starts_with("inactive=");
  }
  if (!sized) return fail("\"open_file_cache\" must have the \"max\" parameter");
  level.location->open_file_cache.assign(node.words.begin() + 1, node.words.end());
  return {};
}

Done disable_symlinks(Interpreter& in, Level& level, const Node& node) {
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const string_view word = node.words[i];
    if (word.starts_with("from=")) {
      if (auto text = in.text(word.substr(5), node.place); !text) return fail(std::move(text).error());
    } else if (word != "off" && word != "on" && word != "if_not_owner") {
      return fail(Error(fmt::format("invalid parameter \"{}\"", word)));
    }
  }
  level.location->disable_symlinks.assign(node.words.begin() + 1, node.words.end());
  return {};
}

Done resolver(Interpreter&, Level& level, const Node& node) {
  std::size_t servers = 0;
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const string_view word = node.words[i];
    if (word.starts_with("valid=") && !parse_time(word.substr(6), false))
      return fail(Error(fmt::format("invalid parameter: {}", word)));
    if (word.starts_with("ipv6=") && word != "ipv6=on" && word != "ipv6=off")
      return fail(Error(fmt::format("invalid parameter: {}", word)));
    if (word.starts_with("valid=") || word.starts_with("ipv6=")) continue;
    ++servers;
    // A colon of IPv6 without brackets is one of a port to nginx.
    const std::size_t colon = word.find(':', word.starts_with('[') ? word.find(']') : 0);
    const auto port = colon == string_view::npos ? std::int64_t{1} : parse_number(word.substr(colon + 1)).value_or(0);
    if (port < 1 || port > 65535) return fail(Error(fmt::format("invalid port in resolver \"{}\"", word)));
  }
  if (servers == 0) return fail("no name servers defined");
  level.location->resolver.assign(node.words.begin() + 1, node.words.end());
  return {};
}

constexpr auto browsers() { return std::to_array<string_view>({"none", "msie6", "safari"}); }

}  // namespace

Meanings location_meanings() {
  return {
      setting<&L::root>("root", root, "html", "The directory whose files are served, before the path."),
      setting<&L::root>("alias", alias, "", "The directory whose files are served, in place of the location's prefix."),
      setting<&L::index>("index", index, "index.html", "The files that answer for a directory."),
      {.name = "try_files",
       .help = "The files that are tried, and what answers when none is there.",
       .apply = try_files},
      setting<&L::types>("types", types, "", "Content types by the endings of files."),
      setting<&L::default_type>("default_type", "text/plain", "The content type of other files."),
      setting<&L::log_not_found>("log_not_found", "on", "Whether missing files are written into the error log."),
      setting<&L::etag>("etag", "on", "Whether files are answered with an ETag."),
      choice<&L::if_modified_since>("if_modified_since", "exact",
                                    "How the time in a request is compared with the file's."),
      setting<&L::max_ranges>("max_ranges", "", "How many ranges of a file a request may ask for."),
      setting<&L::autoindex>("autoindex", "off", "Whether directories are listed."),
      setting<&L::autoindex_exact_size>("autoindex_exact_size", "on", "Whether sizes are listed in bytes."),
      setting<&L::autoindex_localtime>("autoindex_localtime", "off", "Whether times are listed as local ones."),
      choice<&L::autoindex_format>("autoindex_format", "html", "The form of the list."),
      setting<&L::disable_symlinks>("disable_symlinks", disable_symlinks, "off",
                                    "Whether symbolic links are followed."),
      setting<&L::open_file_cache>("open_file_cache", open_file_cache, "off",
                                   "No effect: small files are kept in memory and looked at before each answer."),
      setting<&L::charset>("charset", "off", "The charset that is added to the content type."),
      setting<&L::charset_types>(
          "charset_types", "text/html text/xml text/plain text/vnd.wap.wml application/javascript application/rss+xml",
          "The content types that it is added to."),
      setting<&L::override_charset>("override_charset", "off",
                                    "Whether it replaces that of an answer that was passed on."),

      setting<&L::client_max_body_size>("client_max_body_size", "1m", "The largest body of a request; 0: any."),
      setting<&L::client_body_buffer_size>("client_body_buffer_size", "16k", "How much of it is kept in memory."),
      choice<&L::client_body_in_file_only>("client_body_in_file_only", "off", "Whether bodies always go into files."),
      setting<&L::client_body_temp_path>("client_body_temp_path", temp_path, "", "The directory of those files."),
      setting<&L::client_body_timeout>("client_body_timeout", "60s",
                                       "How long a client may take between two reads of it."),
      setting<&L::send_timeout>("send_timeout", "60s", "How long a client may take between two writes to it."),
      choice<&L::lingering_close>("lingering_close", "on", "Whether what still comes is read before closing."),
      setting<&L::lingering_time>("lingering_time", "30s", "For how long at most."),
      setting<&L::lingering_timeout>("lingering_timeout", "5s", "How long is waited for more of it."),
      setting<&L::keepalive_timeout>("keepalive_timeout", keepalive_timeout, "75s",
                                     "How long an idle connection is kept."),
      {.name = "keepalive_min_timeout", .help = "no idle connection is ended early", .answer = Answer::kNoEffect},
      setting<&L::keepalive_requests>("keepalive_requests", "1000", "How many requests it may carry."),
      setting<&L::keepalive_time>("keepalive_time", "1h", "How long it may last."),
      words_among<browsers, &L::keepalive_disable>("keepalive_disable", "msie6", "Browsers that are not kept."),
      setting<&L::reset_timedout_connection>("reset_timedout_connection", "off", "Whether such connections are reset."),
      setting<&L::tcp_nodelay>("tcp_nodelay", "on", "Whether what is written goes out at once (TCP_NODELAY)."),
      setting<&L::sendfile>("sendfile", "off", "Whether files are sent by sendfile()."),
      setting<&L::chunked_transfer_encoding>("chunked_transfer_encoding", "on",
                                             "Whether answers of unknown length go in chunks."),
      setting<&L::limit_rate>("limit_rate", size_or_text<&L::limit_rate>, "0", "Bytes a second to a client; 0: any."),
      setting<&L::limit_rate_after>("limit_rate_after", size_or_text<&L::limit_rate_after>, "0",
                                    "Bytes that go before that."),
      setting<&L::resolver>("resolver", resolver, "", "Name servers for names that are looked up at run time."),
      setting<&L::resolver_timeout>("resolver_timeout", "30s", "How long such a look-up may take."),
  };
}

}  // namespace tierce::config::nginx
