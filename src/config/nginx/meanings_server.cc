// The head of a request, and TLS towards clients.
#include <array>

#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;
using S = ServerSettings;
using T = TlsServerSettings;

constexpr auto protocols() {
  return std::to_array<string_view>({"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"});
}

Done ssl(Interpreter& in, Level& level, const Node& node) {
  const bool is_said = node.place.line != 0;  // Else it is our own line, of what holds when nobody says it.
  if (is_said) in.warn(node.place, "the \"ssl\" directive is deprecated, use the \"listen ... ssl\" directive instead");
  level.server->tls.on_place = node.place;
  return take(in, node, level.server->tls.on);
}
void inherit_ssl(const Level& inner, const Level& outer) {
  if (inner.server == nullptr || outer.server == nullptr || inner.server->tls.on) return;
  inner.server->tls.on = outer.server->tls.on;
  inner.server->tls.on_place = outer.server->tls.on_place;
}

Done session_cache(Interpreter&, Level& level, const Node& node) {
  constexpr std::int64_t kLeast = 8L * 4096;
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const std::string& word = node.words[i];
    const auto bad = [&] { return fail(Error(fmt::format("invalid session cache \"{}\"", word))); };
    if (word == "off" || word == "none" || word == "builtin") continue;
    if (word.starts_with("builtin:")) {
      if (!parse_number(string_view(word).substr(8))) return bad();
      continue;
    }
    if (!word.starts_with("shared:")) return bad();
    const std::size_t colon = word.find(':', 7);
    if (colon == std::string::npos || colon == 7) return bad();
    const auto size = parse_size(string_view(word).substr(colon + 1), false);
    if (!size) return bad();
    if (*size < kLeast) return fail(Error(fmt::format("session cache \"{}\" is too small", word)));
  }
  level.server->tls.session_cache.assign(node.words.begin() + 1, node.words.end());
  return {};
}

Done verify_client(Interpreter&, Level& level, const Node& node) {
  const std::string& word = node.words[1];
  if (word != "off" && word != "on" && word != "optional" && word != "optional_no_ca")
    return fail(Error(fmt::format("invalid value \"{}\"", word)));
  level.server->tls.verify_client = word;
  return {};
}

}  // namespace

Meanings server_meanings() {
  return {
      setting<&S::client_header_timeout>("client_header_timeout", "60s",
                                         "How long a client may take to send the head."),
      setting<&S::client_header_buffer_size>("client_header_buffer_size", "1k", "The first buffer for it."),
      setting<&S::large_client_header_buffers>("large_client_header_buffers", "4 8k", "Buffers for larger ones."),
      setting<&S::ignore_invalid_headers>("ignore_invalid_headers", "on",
                                          "Whether headers with other letters are left out."),
      setting<&S::underscores_in_headers>("underscores_in_headers", "off", "Whether '_' is a letter of their names."),
      setting<&S::merge_slashes>("merge_slashes", "on", "Whether several slashes of a path are one."),
      setting<&S::http2>("http2", "off", "Whether HTTP/2 is spoken where TLS is."),
      setting<&S::http2_max_concurrent_streams>("http2_max_concurrent_streams", "128",
                                                "Requests at a time on a connection of HTTP/2."),
  };
}

Meanings tls_meanings() {
  return {
      {.name = "ssl",
       .help = "TLS at all addresses whose default server this is; listen ... ssl says it for one.",
       .apply = ssl,
       .fallback = "off",
       .given = given_at<&S::tls, &T::on>,
       .inherit = inherit_ssl},
      setting<&S::tls, &T::certificates>("ssl_certificate", "",
                                         "The server's certificates, each of another kind of key."),
      setting<&S::tls, &T::keys>("ssl_certificate_key", "", "The key of each."),
      setting<&S::tls, &T::password_file>("ssl_password_file", "", "The file with the passwords of the keys."),
      words_among<protocols, &S::tls, &T::protocols>("ssl_protocols", "TLSv1.2 TLSv1.3", "The versions of TLS."),
      setting<&S::tls, &T::ciphers>("ssl_ciphers", "HIGH:!aNULL:!MD5", "OpenSSL's list of ciphers."),
      setting<&S::tls, &T::prefer_server_ciphers>("ssl_prefer_server_ciphers", "off",
                                                  "Whether the server's order decides."),
      setting<&S::tls, &T::ecdh_curve>("ssl_ecdh_curve", "auto", "The curves."),
      setting<&S::tls, &T::dhparam>("ssl_dhparam", "", "The file with parameters of DHE."),
      setting<&S::tls, &T::session_cache>("ssl_session_cache", session_cache, "none", "Where sessions are kept."),
      setting<&S::tls, &T::session_timeout>("ssl_session_timeout", "5m", "How long they last."),
      setting<&S::tls, &T::session_tickets>("ssl_session_tickets", "on", "Whether clients keep them."),
      {.name = "ssl_session_ticket_key",
       .help = "Files with the keys of tickets.",
       .apply = [](Interpreter&, Level& level, const Node& node) -> Done {
         level.server->tls.session_ticket_keys.push_back(node.words[1]);
         return {};
       },
       .given = given_at<&S::tls, &T::session_ticket_keys>,
       .inherit = inherit_at<&S::tls, &T::session_ticket_keys>},
      setting<&S::tls, &T::verify_client>("ssl_verify_client", verify_client, "off",
                                          "Whether clients show a certificate."),
      setting<&S::tls, &T::verify_depth>("ssl_verify_depth", "1", "How long its chain may be."),
      setting<&S::tls, &T::client_certificate>("ssl_client_certificate", "", "Who vouches for it; sent to clients."),
      setting<&S::tls, &T::trusted_certificate>("ssl_trusted_certificate", "",
                                                "Who vouches for it, and for stapled answers."),
      setting<&S::tls, &T::crl>("ssl_crl", "", "Certificates that are not good any more."),
      setting<&S::tls, &T::stapling>("ssl_stapling", "off", "Whether OCSP answers are stapled."),
      setting<&S::tls, &T::stapling_verify>("ssl_stapling_verify", "off", "Whether they are verified."),
      setting<&S::tls, &T::stapling_file>("ssl_stapling_file", "", "The file with the answer."),
      setting<&S::tls, &T::stapling_responder>("ssl_stapling_responder", "", "Who is asked for it."),
      setting<&S::tls, &T::early_data>("ssl_early_data", "off",
                                       "Whether TLS 1.3 carries requests in its first flight."),
      setting<&S::tls, &T::reject_handshake>("ssl_reject_handshake", "off",
                                             "Whether no connection is taken for this name."),
      setting<&S::tls, &T::conf_commands>("ssl_conf_command", "", "OpenSSL's own commands."),
      setting<&S::tls, &T::buffer_size>("ssl_buffer_size", "16k", "The largest record."),
  };
}

}  // namespace tierce::config::nginx
