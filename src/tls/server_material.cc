#include "tls/server_material.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>

#include "os/file_text.h"

namespace tierce::tls {
namespace {

using config::nginx::TlsServerSettings;
using std::string_view;

// Reads what the configuration names, and says which directive wanted it.
class Files {
 public:
  explicit Files(string_view directory) : directory_(directory) {}

  // `what`: nginx's words for what failed.
  Result<NamedBytes> read(const std::string& name, string_view what) const {
    // "data:" and what an engine holds are no files.
    if (name.starts_with("data:")) return NamedBytes{name.substr(0, 5), name.substr(5)};
    if (name.starts_with("engine:")) return NamedBytes{name, name};
    const std::string path = name.starts_with('/') ? name : fmt::format("{}/{}", directory_, name);
    auto bytes = os::read_file(path);
    if (!bytes) return fail(errno_error(fmt::format("{} \"{}\": cannot be read", what, path), bytes.error()));
    return NamedBytes{path, std::move(*bytes)};
  }

  Result<void> read_into(NamedBytes& into, const config::nginx::Text& name, string_view what) const {
    if (!name || name->empty()) return {};
    auto file = read(*name, what);
    if (!file) return fail(std::move(file).error());
    into = std::move(*file);
    return {};
  }

  Result<KeyPair> pair(const std::string& certificate, const std::string& key) const {
    auto first = read(certificate, "cannot load certificate");
    if (!first) return fail(std::move(first).error());
    auto second = read(key, "cannot load certificate key");
    if (!second) return fail(std::move(second).error());
    return KeyPair{std::move(*first), std::move(*second)};
  }

  // One a line.
  Result<std::vector<std::string>> passwords(const config::nginx::Text& name) const {
    std::vector<std::string> all;
    NamedBytes file;
    if (auto done = read_into(file, name, "cannot read passwords"); !done) return fail(std::move(done).error());
    string_view left = file.bytes;
    while (!left.empty()) {
      string_view line = left.substr(0, left.find('\n'));
      left.remove_prefix(std::min(left.size(), line.size() + 1));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) all.emplace_back(line);
    }
    return all;
  }

 private:
  string_view directory_;
};

std::vector<std::string> protocols_or_default(const std::vector<std::string>& said) {
  return said.empty() ? std::vector<std::string>{"TLSv1.2", "TLSv1.3"} : said;
}

Result<void> read_pairs(ServerMaterial& into, const TlsServerSettings& settings, const Files& files) {
  for (std::size_t i = 0; i < settings.certificates.size(); ++i) {
    const auto& certificate = settings.certificates[i];
    if (i >= settings.keys.size())
      return fail(Error(fmt::format("no \"ssl_certificate_key\" is defined for certificate \"{}\"",
                                    settings.certificates.back().written)));
    if (!certificate.constant() || !settings.keys[i].constant())
      return fail(
          Error(fmt::format("variables in \"ssl_certificate\" and \"ssl_certificate_key\" are not supported: "
                            "name the files (\"{}\")",
                            certificate.written)));
    auto pair = files.pair(certificate.written, settings.keys[i].written);
    if (!pair) return fail(std::move(pair).error());
    into.pairs.push_back(std::move(*pair));
  }
  return {};
}

// "shared:NAME:SIZE", whose SIZE the interpreter of the configuration has tried already.
std::int64_t size_of(string_view text) {
  std::int64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "k" || unit == "K") bytes *= 1024;
  if (unit == "m" || unit == "M") bytes *= 1024L * 1024;
  return bytes;
}

Result<void> read_cache(ServerMaterial& into, const TlsServerSettings& settings, const FindSessions& find_sessions) {
  for (const std::string& word : settings.session_cache) {
    if (word == "off") into.session_cache = SessionCache::kOff;
    if (word == "none") into.session_cache = SessionCache::kNone;
    if (word.starts_with("builtin")) into.session_cache = SessionCache::kOwn;
    if (word.starts_with("builtin:")) into.own_sessions = size_of(string_view(word).substr(8));
    if (!word.starts_with("shared:")) continue;
    const std::size_t colon = word.find(':', 7);
    auto zone = find_sessions(word.substr(7, colon - 7), size_of(string_view(word).substr(colon + 1)));
    if (!zone) return fail(std::move(zone).error());
    into.shared_sessions = std::move(*zone);
  }
  return {};
}

Result<void> read_tickets(ServerMaterial& into, const TlsServerSettings& settings, const Files& files) {
  into.tickets = settings.session_tickets.value_or(true);
  for (const std::string& name : settings.session_ticket_keys) {
    auto file = files.read(name, "cannot read ticket key");
    if (!file) return fail(std::move(file).error());
    auto key = read_ticket_key(file->bytes, file->name);
    if (!key) return fail(std::move(key).error());
    into.ticket_keys.push_back(*key);
  }
  if (into.ticket_keys.empty()) into.ticket_keys.push_back(random_ticket_key());
  return {};
}

Result<void> read_verification(ServerMaterial& into, const TlsServerSettings& settings, const Files& files) {
  constexpr string_view kLoad = "SSL_CTX_load_verify_locations() failed";
  const std::string word = settings.verify_client.value_or("off");
  into.verify = word == "on"               ? VerifyClient::kOn
                : word == "optional"       ? VerifyClient::kOptional
                : word == "optional_no_ca" ? VerifyClient::kOptionalNoCa
                                           : VerifyClient::kOff;
  into.verify_depth = static_cast<int>(settings.verify_depth.value_or(1));
  if (auto done = files.read_into(into.client_authorities, settings.client_certificate, kLoad); !done) return done;
  if (auto done = files.read_into(into.trusted, settings.trusted_certificate, kLoad); !done) return done;
  if (auto done = files.read_into(into.revoked, settings.crl, "X509_LOOKUP_load_file() failed"); !done) return done;
  const bool needs_authorities = into.verify == VerifyClient::kOn || into.verify == VerifyClient::kOptional;
  if (needs_authorities && into.client_authorities.empty() && into.trusted.empty())
    return fail("no ssl_client_certificate for ssl_verify_client");
  return {};
}

}  // namespace

Result<ServerMaterial> read_server_material(const TlsServerSettings& settings, string_view directory,
                                            const FindSessions& find_sessions) {
  const Files files(directory);
  ServerMaterial made;
  if (auto done = read_pairs(made, settings, files); !done) return fail(std::move(done).error());
  auto passwords = files.passwords(settings.password_file);
  if (!passwords) return fail(std::move(passwords).error());
  made.passwords = std::move(*passwords);
  made.protocols = protocols_or_default(settings.protocols);
  made.ciphers = settings.ciphers.value_or("HIGH:!aNULL:!MD5");
  made.curves = settings.ecdh_curve.value_or("auto");
  made.prefer_server_ciphers = settings.prefer_server_ciphers.value_or(false);
  if (auto done = files.read_into(made.dh_parameters, settings.dhparam, "BIO_new_file() failed"); !done)
    return fail(std::move(done).error());
  if (auto done = read_cache(made, settings, find_sessions); !done) return fail(std::move(done).error());
  made.session_timeout = settings.session_timeout.value_or(std::chrono::seconds(300));
  if (auto done = read_tickets(made, settings, files); !done) return fail(std::move(done).error());
  if (auto done = read_verification(made, settings, files); !done) return fail(std::move(done).error());
  made.stapling = settings.stapling.value_or(false);
  made.stapling_verify = settings.stapling_verify.value_or(false);
  made.stapling_responder = settings.stapling_responder.value_or("");
  if (made.stapling) {
    NamedBytes file;
    if (auto done = files.read_into(file, settings.stapling_file, "BIO_new_file() failed"); !done)
      return fail(std::move(done).error());
    made.stapled = std::move(file.bytes);
  }
  made.early_data = settings.early_data.value_or(false);
  made.reject_handshake = settings.reject_handshake.value_or(false);
  made.commands = settings.conf_commands;
  if (settings.buffer_size) made.record_bytes = static_cast<std::size_t>(settings.buffer_size->bytes);
  return made;
}

Result<ClientMaterial> read_client_material(const config::nginx::PassingTls& settings, string_view directory) {
  const Files files(directory);
  ClientMaterial made;
  if (settings.certificate && !settings.certificate->empty()) {
    if (!settings.certificate_key)
      return fail(Error(
          fmt::format("no \"proxy_ssl_certificate_key\" is defined for certificate \"{}\"", *settings.certificate)));
    auto pair = files.pair(*settings.certificate, *settings.certificate_key);
    if (!pair) return fail(std::move(pair).error());
    made.pair = std::move(*pair);
  }
  auto passwords = files.passwords(settings.password_file);
  if (!passwords) return fail(std::move(passwords).error());
  made.passwords = std::move(*passwords);
  made.protocols = protocols_or_default(settings.protocols);
  made.ciphers = settings.ciphers.value_or("DEFAULT");
  made.verify = settings.verify.value_or(false);
  made.verify_depth = static_cast<int>(settings.verify_depth.value_or(1));
  if (made.verify) {
    if (!settings.trusted_certificate || settings.trusted_certificate->empty())
      return fail("no proxy_ssl_trusted_certificate for proxy_ssl_verify");
    if (auto done =
            files.read_into(made.trusted, settings.trusted_certificate, "SSL_CTX_load_verify_locations() failed");
        !done)
      return fail(std::move(done).error());
    if (auto done = files.read_into(made.revoked, settings.crl, "X509_LOOKUP_load_file() failed"); !done)
      return fail(std::move(done).error());
  }
  made.commands = settings.conf_commands;
  return made;
}

}  // namespace tierce::tls
