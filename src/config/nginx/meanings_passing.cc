// proxy, uwsgi, fastcgi and scgi; wsgi_pass.
#include <array>

#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;
using L = LocationSettings;
using P = PassingSettings;
using T = PassingTls;

// --- where to ---

// `address` is without its scheme. `port`: 0 when one must be given.
Done target(Interpreter& in, const Node& node, string_view address, std::uint16_t port, bool tls,
            std::optional<PassTarget>& into) {
  PassTarget target{.address = {}, .text = {}, .tls = tls, .place = node.place};
  if (node.words[1].find('$') != std::string::npos) {
    auto text = in.text(node.words[1], node.place);
    if (!text) return fail(std::move(text).error());
    target.to = PassTarget::To::kText;
    target.text = std::move(*text);
    into = std::move(target);
    return {};
  }
  const auto refused = [&](string_view what) {
    return fail(Error(fmt::format("{} in upstream \"{}\"", what, address)));
  };
  auto parsed = parse_upstream_address(address, port);
  if (!parsed) return refused(parsed.error().text());
  target.uri = parsed->uri;
  target.address = std::move(*parsed);
  const bool has_port = address.substr(0, address.find('/')).find(':') != string_view::npos;
  if (target.address.unix_path.empty() && !has_port) {
    // A group may be defined further down.
    target.to = PassTarget::To::kUpstream;
    target.upstream = target.address.host;
  }
  into = std::move(target);
  return {};
}

Done proxy_pass(Interpreter& in, Level& level, const Node& node) {
  const string_view url = node.words[1];
  std::optional<PassTarget>& into = level.location->proxy.passing.pass;
  if (url.find('$') != string_view::npos) return target(in, node, url, 80, false, into);
  const bool tls = url.starts_with("https://");
  if (!tls && !url.starts_with("http://")) return fail("invalid URL prefix");
  if (auto done = target(in, node, url.substr(tls ? 8 : 7), tls ? 443 : 80, tls, into); !done) return done;
  const auto& pattern = level.of_location->pattern;
  const bool of_prefix = level.context == Context::kLocation && pattern &&
                         pattern->kind != LocationPattern::Kind::kRegex &&
                         pattern->kind != LocationPattern::Kind::kNamed;
  if (!into->uri.empty() && !of_prefix) {
    return fail(
        "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside named location, or "
        "inside \"if\" statement, or inside \"limit_except\" block");
  }
  into->url = url;
  return {};
}

// host:port and unix:path; uwsgi has schemes too.
template <auto Settings>
Done socket_pass(Interpreter& in, Level& level, const Node& node) {
  string_view address = node.words[1];
  bool tls = false;
  if (node.words.front() == "uwsgi_pass") {
    tls = address.starts_with("suwsgi://");
    if (tls || address.starts_with("uwsgi://")) address.remove_prefix(tls ? 9 : 8);
  }
  std::optional<PassTarget>& into = (level.location->*Settings).passing.pass;
  if (auto done = target(in, node, address, 0, tls, into); !done) return done;
  // A scheme that is none of ours is no host.
  if (into->to == PassTarget::To::kAddress && into->address.uri.starts_with("//"))
    return fail(Error(fmt::format("invalid host in upstream \"{}\"", address)));
  return {};
}

Done wsgi_pass(Interpreter& in, Level& level, const Node& node) {
  static constexpr std::pair<string_view, string_view> kParams[] = {
      {"QUERY_STRING", "$query_string"},   {"REQUEST_METHOD", "$request_method"},
      {"CONTENT_TYPE", "$content_type"},   {"CONTENT_LENGTH", "$content_length"},
      {"REQUEST_URI", "$request_uri"},     {"PATH_INFO", "$document_uri"},
      {"DOCUMENT_ROOT", "$document_root"}, {"SERVER_PROTOCOL", "$server_protocol"},
      {"REQUEST_SCHEME", "$scheme"},       {"HTTPS", "$https"},
      {"REMOTE_ADDR", "$remote_addr"},     {"REMOTE_PORT", "$remote_port"},
      {"SERVER_PORT", "$server_port"},     {"SERVER_NAME", "$server_name"},
      {"HTTP_HOST", "$tierce_host"},
  };
  level.location->wsgi_pass = node.words[1];
  level.location->wsgi_params.clear();
  for (const auto& [name, value] : kParams) {
    auto text = in.text(value, node.place);
    if (!text) return fail(std::move(text).error());
    level.location->wsgi_params.push_back(
        {.name = std::string(name), .value = std::move(*text), .if_not_empty = name == "HTTPS"});
  }
  return {};
}

// --- words ---

constexpr auto reasons_for_the_next() {
  return std::to_array<string_view>({"error", "timeout", "invalid_header", "non_idempotent", "http_500", "http_502",
                                     "http_503", "http_504", "http_403", "http_404", "http_429", "updating", "off"});
}
constexpr auto ignored_headers() {
  return std::to_array<string_view>({"X-Accel-Redirect", "X-Accel-Expires", "X-Accel-Limit-Rate", "X-Accel-Buffering",
                                     "X-Accel-Charset", "Expires", "Cache-Control", "Set-Cookie", "Vary"});
}
constexpr auto protocols() {
  return std::to_array<string_view>({"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"});
}

Done http_version(Interpreter&, Level& level, const Node& node) {
  if (node.words[1] != "1.0" && node.words[1] != "1.1")
    return fail(Error(fmt::format("invalid value \"{}\"", node.words[1])));
  level.location->proxy.http_version = node.words[1];
  return {};
}

// A word that is an expression when it begins with '~', else a text.
Done text_or_expression(Interpreter& in, const Node& node, string_view word, Regex::Case letters, TextValue& text,
                        Expression& expression) {
  if (word.starts_with('~')) {
    auto made = in.expression(word.substr(1), letters);
    if (!made) return fail(std::move(made).error());
    expression = std::move(*made);
    return {};
  }
  auto made = in.text(word, node.place);
  if (!made) return fail(std::move(made).error());
  text = std::move(*made);
  return {};
}

// Several may stand side by side, `off` stands alone: false when it does not.
template <typename List>
bool begin_list(std::optional<List>& into, bool off) {
  if (into && (off || into->empty())) return false;
  if (!into) into.emplace();
  return true;
}
Done duplicate(const Node& node) {
  return fail(Error(fmt::format("\"{}\" directive is duplicate", node.words.front())));
}

// proxy_redirect, proxy_cookie_path: FROM TO. Only "~*" lets the case of letters not matter.
Done replacement(Interpreter& in, const Node& node, std::vector<Replacement>& into) {
  Replacement made{.from = {}, .expression = {}, .to = {}};
  std::string from = node.words[1];
  const bool ignored = from.starts_with("~*");
  if (ignored) from.erase(1, 1);
  if (auto done = text_or_expression(in, node, from, ignored ? Regex::Case::kIgnored : Regex::Case::kMatters, made.from,
                                     made.expression);
      !done)
    return done;
  auto to = in.text(node.words[2], node.place);
  if (!to) return fail(std::move(to).error());
  made.to = std::move(*to);
  into.push_back(std::move(made));
  return {};
}

// proxy_cookie_domain: FROM TO. The case of letters never matters, nor does a dot in front of a domain.
Done domain_replacement(Interpreter& in, const Node& node, std::vector<Replacement>& into) {
  Replacement made{.from = {}, .expression = {}, .to = {}};
  string_view from = node.words[1], to = node.words[2];
  if (from.starts_with('.')) from.remove_prefix(1);
  if (!from.starts_with('~') && to.starts_with('.')) to.remove_prefix(1);
  if (auto done = text_or_expression(in, node, from, Regex::Case::kIgnored, made.from, made.expression); !done)
    return done;
  auto text = in.text(to, node.place);
  if (!text) return fail(std::move(text).error());
  made.to = std::move(*text);
  into.push_back(std::move(made));
  return {};
}

TextValue literal(std::string text) {
  TextValue made{.written = text, .parts = {}};
  made.parts.push_back({.kind = TextPart::Kind::kLiteral, .text = std::move(text)});
  return made;
}

// The address that is passed to becomes the location's own path, or "/" where it has no URI part.
Replacement default_redirect(const PassTarget& target, const Location* location) {
  const bool with_uri = !target.uri.empty() && location != nullptr && location->pattern;
  return {.from = literal(with_uri ? target.url : target.url + "/"),
          .expression = {},
          .to = literal(with_uri ? location->pattern->text : "/")};
}

Done proxy_redirect(Interpreter& in, Level& level, const Node& node) {
  ProxySettings& proxy = level.location->proxy;
  const bool off = node.words.size() == 2 && node.words[1] == "off";
  if (!begin_list(proxy.redirect, off)) return duplicate(node);
  if (off) return {};
  if (node.words.size() == 3) return replacement(in, node, *proxy.redirect);
  if (node.words[1] != "default") return fail(Error(fmt::format("invalid parameter \"{}\"", node.words[1])));
  if (!proxy.passing.pass)
    return fail("\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive");
  if (proxy.passing.pass->to == PassTarget::To::kText)
    return fail("\"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with variables");
  proxy.redirect->push_back(default_redirect(*proxy.passing.pass, level.of_location));
  return {};
}

// A level that says nothing takes over what the one around it says, be it the default of another proxy_pass; only then
// its own address counts. So nginx does it.
void inherit_redirect(const Level& inner, const Level& outer) {
  inherit_at<&L::proxy, &ProxySettings::redirect>(inner, outer);
  if (inner.location == nullptr) return;
  ProxySettings& proxy = inner.location->proxy;
  if (proxy.redirect || !proxy.passing.pass || proxy.passing.pass->to == PassTarget::To::kText) return;
  proxy.redirect.emplace().push_back(default_redirect(*proxy.passing.pass, inner.of_location));
}

Done cookie_flags(Interpreter& in, const Node& node, std::vector<CookieFlags>& into) {
  CookieFlags made{.name = {}, .expression = {}, .flags = {}};
  if (auto done = text_or_expression(in, node, node.words[1], Regex::Case::kIgnored, made.name, made.expression); !done)
    return done;
  for (std::size_t i = 2; i < node.words.size(); ++i) {
    auto flag = in.text(node.words[i], node.place);
    if (!flag) return fail(std::move(flag).error());
    made.flags.push_back(std::move(*flag));
  }
  into.push_back(std::move(made));
  return {};
}

template <auto Member, auto Add>
Done cookie(Interpreter& in, Level& level, const Node& node) {
  auto& into = level.location->proxy.*Member;
  const bool off = node.words.size() == 2;
  if (off && node.words[1] != "off") return fail(Error(fmt::format("invalid parameter \"{}\"", node.words[1])));
  if (!begin_list(into, off)) return duplicate(node);
  return off ? Done{} : Add(in, node, *into);
}

template <auto Settings>
Done buffers(Interpreter& in, Level& level, const Node& node) {
  auto& into = (level.location->*Settings).passing.buffers;
  if (auto done = take(in, node, into); !done) return done;
  if (into->count < 2) return fail(Error(fmt::format("there must be at least 2 \"{}\"", node.words.front())));
  return {};
}

template <auto Settings>
Done temp_path(Interpreter& in, Level& level, const Node& node) {
  if (auto done = check_levels(node); !done) return done;
  return take(in, node, (level.location->*Settings).passing.temp_path);
}

Done split_path_info(Interpreter& in, Level& level, const Node& node) {
  auto expression = in.expression(node.words[1], Regex::Case::kMatters);
  if (!expression) return fail(std::move(expression).error());
  if (expression->regex->captures() != 2)
    return fail(Error(fmt::format("pattern \"{}\" must have 2 captures", node.words[1])));
  level.location->fastcgi.split_path_info = std::move(*expression);
  return {};
}

// What all four have. S: L::proxy and its kin.
template <auto S, auto Passing>
Meanings common(const std::string& kind) {
  const auto named = [&kind](string_view name) { return fmt::format("{}_{}", kind, name); };
  Meanings made = {
      setting<S, Passing, &P::connect_timeout>(named("connect_timeout"), "60s", "How long connecting may take."),
      setting<S, Passing, &P::send_timeout>(named("send_timeout"), "60s", "How long between two writes to it."),
      setting<S, Passing, &P::read_timeout>(named("read_timeout"), "60s", "How long between two reads from it."),
      setting<S, Passing, &P::buffering>(named("buffering"), "on", "Whether its answer is read ahead of the client."),
      setting<S, Passing, &P::request_buffering>(named("request_buffering"), "on",
                                                 "Whether a body is read before it is passed."),
      setting<S, Passing, &P::buffer_size>(named("buffer_size"), "4k", "The buffer for the head of an answer."),
      setting<S, Passing, &P::buffers>(named("buffers"), buffers<S>, "8 4k", "The buffers for the rest."),
      setting<S, Passing, &P::busy_buffers_size>(
          named("busy_buffers_size"), "",
          "No effect: held against the other sizes, as nginx does; all buffers may be on their way."),
      setting<S, Passing, &P::max_temp_file_size>(named("max_temp_file_size"), "1024m",
                                                  "How much goes into a file for slow clients."),
      setting<S, Passing, &P::temp_file_write_size>(
          named("temp_file_write_size"), "",
          "No effect: held against the other sizes, as nginx does; what is at hand is written at once."),
      setting<S, Passing, &P::temp_path>(named("temp_path"), temp_path<S>, "", "The directory of those files."),
      setting<S, Passing, &P::ignore_client_abort>(named("ignore_client_abort"), "off",
                                                   "Whether it goes on without the client."),
      setting<S, Passing, &P::intercept_errors>(named("intercept_errors"), "off",
                                                "Whether error_page answers for its errors."),
      setting<S, Passing, &P::pass_request_headers>(named("pass_request_headers"), "on", "Whether headers are passed."),
      setting<S, Passing, &P::pass_request_body>(named("pass_request_body"), "on", "Whether bodies are passed."),
      setting<S, Passing, &P::hide_headers>(named("hide_header"), "", "Headers of answers that are left out."),
      setting<S, Passing, &P::pass_headers>(named("pass_header"), "", "... that are not, though they would be."),
      words_among<ignored_headers, S, Passing, &P::ignore_headers>(named("ignore_headers"), "",
                                                                   "... that mean nothing."),
      words_among<reasons_for_the_next, S, Passing, &P::next_upstream>(named("next_upstream"), "error timeout",
                                                                       "What makes another server be asked."),
      setting<S, Passing, &P::next_upstream_tries>(named("next_upstream_tries"), "0", "How many are."),
      setting<S, Passing, &P::next_upstream_timeout>(named("next_upstream_timeout"), "0", "For how long."),
      setting<S, Passing, &P::bind>(named("bind"), "", "The address to connect from."),
      setting<S, Passing, &P::socket_keepalive>(named("socket_keepalive"), "off", "SO_KEEPALIVE on its connections."),
      setting<S, Passing, &P::force_ranges>(named("force_ranges"), "off", "Whether ranges are cut out of any answer."),
      setting<S, Passing, &P::limit_rate>(named("limit_rate"), "0", "Bytes a second that are read from it."),
  };
  return made;
}

template <auto S, auto Passing>
Meanings tls(const std::string& kind) {
  const auto named = [&kind](string_view name) { return fmt::format("{}_ssl_{}", kind, name); };
  return {
      setting<S, Passing, &P::tls, &T::certificate>(named("certificate"), "", "The certificate that is shown to it."),
      setting<S, Passing, &P::tls, &T::certificate_key>(named("certificate_key"), "", "Its key."),
      setting<S, Passing, &P::tls, &T::password_file>(named("password_file"), "", "The key's password."),
      setting<S, Passing, &P::tls, &T::ciphers>(named("ciphers"), "DEFAULT", "OpenSSL's list of ciphers."),
      words_among<protocols, S, Passing, &P::tls, &T::protocols>(named("protocols"), "TLSv1.2 TLSv1.3",
                                                                 "The versions of TLS."),
      setting<S, Passing, &P::tls, &T::name>(named("name"), "", "The name that its certificate must have."),
      setting<S, Passing, &P::tls, &T::server_name>(named("server_name"), "off", "Whether it is told that name."),
      setting<S, Passing, &P::tls, &T::session_reuse>(named("session_reuse"), "on", "Whether sessions are used again."),
      setting<S, Passing, &P::tls, &T::verify>(named("verify"), "off", "Whether its certificate is verified."),
      setting<S, Passing, &P::tls, &T::verify_depth>(named("verify_depth"), "1", "How long its chain may be."),
      setting<S, Passing, &P::tls, &T::trusted_certificate>(named("trusted_certificate"), "", "Who vouches for it."),
      setting<S, Passing, &P::tls, &T::crl>(named("crl"), "", "Certificates that are not good any more."),
      setting<S, Passing, &P::tls, &T::conf_commands>(named("conf_command"), "", "OpenSSL's own commands."),
  };
}

}  // namespace

Meanings passing_meanings() {
  using X = ProxySettings;
  Meanings all = {
      {.name = "proxy_pass", .help = "Hands requests to a server over HTTP.", .apply = proxy_pass},
      {.name = "uwsgi_pass", .help = "... over uwsgi.", .apply = socket_pass<&L::uwsgi>},
      {.name = "fastcgi_pass", .help = "... over FastCGI.", .apply = socket_pass<&L::fastcgi>},
      {.name = "scgi_pass", .help = "... over SCGI.", .apply = socket_pass<&L::scgi>},
      {.name = "wsgi_pass", .help = "Hands requests to an application of this tierce.", .apply = wsgi_pass},
      setting<&L::proxy, &X::passing, &P::set>("proxy_set_header", "", "A header of the request that is passed."),
      setting<&L::uwsgi, &UwsgiSettings::passing, &P::set>("uwsgi_param", "", "A variable that is passed."),
      setting<&L::fastcgi, &FastcgiSettings::passing, &P::set>("fastcgi_param", "", "A variable that is passed."),
      setting<&L::scgi, &ScgiSettings::passing, &P::set>("scgi_param", "", "A variable that is passed."),
      setting<&L::proxy, &X::method>("proxy_method", "", "The method that is passed."),
      setting<&L::proxy, &X::body>("proxy_set_body", "", "The body that is passed."),
      setting<&L::proxy, &X::http_version>("proxy_http_version", http_version, "1.0", "The version of HTTP."),
      {.name = "proxy_redirect",
       .help = "What becomes of Location and Refresh.",
       .apply = proxy_redirect,
       .given = given_at<&L::proxy, &X::redirect>,
       .inherit = inherit_redirect},
      setting<&L::proxy, &X::cookie_domain>("proxy_cookie_domain", cookie<&X::cookie_domain, domain_replacement>, "",
                                            "... of the domain of cookies."),
      setting<&L::proxy, &X::cookie_path>("proxy_cookie_path", cookie<&X::cookie_path, replacement>, "",
                                          "... of their path."),
      setting<&L::proxy, &X::cookie_flags>("proxy_cookie_flags", cookie<&X::cookie_flags, cookie_flags>, "",
                                           "... of their flags."),
      setting<&L::uwsgi, &UwsgiSettings::modifier1>("uwsgi_modifier1", "0", "The first modifier of a packet."),
      setting<&L::uwsgi, &UwsgiSettings::modifier2>("uwsgi_modifier2", "0", "The second."),
      setting<&L::fastcgi, &FastcgiSettings::index>("fastcgi_index", "", "The file of a directory."),
      setting<&L::fastcgi, &FastcgiSettings::split_path_info>("fastcgi_split_path_info", split_path_info, "",
                                                              "The script and what stands behind it."),
      setting<&L::fastcgi, &FastcgiSettings::keep_conn>("fastcgi_keep_conn", "off",
                                                        "Whether it is to keep connections."),
      setting<&L::fastcgi, &FastcgiSettings::catch_stderr>("fastcgi_catch_stderr", "",
                                                           "Words in its errors that make an answer bad."),
      setting<&L::fastcgi, &FastcgiSettings::send_lowat>("fastcgi_send_lowat", "0", "SO_SNDLOWAT; no effect on Linux."),
  };
  for (const Meanings& more :
       {common<&L::proxy, &X::passing>("proxy"), common<&L::uwsgi, &UwsgiSettings::passing>("uwsgi"),
        common<&L::fastcgi, &FastcgiSettings::passing>("fastcgi"), common<&L::scgi, &ScgiSettings::passing>("scgi"),
        tls<&L::proxy, &X::passing>("proxy"), tls<&L::uwsgi, &UwsgiSettings::passing>("uwsgi")})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace tierce::config::nginx
