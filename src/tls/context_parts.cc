#include "tls/context_parts.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "tls/context.h"
#include "tls/engine_key.h"
#include "tls/openssl_ptr.h"

namespace tierce::tls {
namespace {

bool at_end_of_pem() {
  const unsigned long error = ERR_peek_last_error();
  const bool ended = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (ended) ERR_clear_error();
  return ended;
}

// The callback of PEM: `data` is the password, or null where there is none to give.
int give_password(char* into, int bytes, int, void* data) {
  const auto* password = static_cast<const std::string*>(data);
  if (password == nullptr) return 0;
  const int now = std::min(bytes, static_cast<int>(password->size()));
  password->copy(into, static_cast<std::size_t>(now));
  return now;
}

Failure<Error> refused(std::string_view what, std::string_view name, std::string_view call) {
  return fail(Error(fmt::format("{} \"{}\": {}() failed ({})", what, name, call, openssl_errors())));
}

Result<void> use_chain(SSL_CTX* context, const NamedBytes& file) {
  constexpr std::string_view kWhat = "cannot load certificate";
  const Bio in = reader(file.bytes);
  const Certificate own(PEM_read_bio_X509_AUX(in.get(), nullptr, give_password, nullptr));
  if (!own) return refused(kWhat, file.name, "PEM_read_bio_X509_AUX");
  if (SSL_CTX_use_certificate(context, own.get()) != 1) return refused(kWhat, file.name, "SSL_CTX_use_certificate");
  // The chain of this certificate, not of all that the context has: kinds of keys have chains of their own.
  SSL_CTX_clear_chain_certs(context);
  for (;;) {
    Certificate next(PEM_read_bio_X509(in.get(), nullptr, give_password, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return refused(kWhat, file.name, "SSL_CTX_add0_chain_cert");
    static_cast<void>(next.release());  // The context's now.
  }
  if (!at_end_of_pem()) return refused(kWhat, file.name, "PEM_read_bio_X509");
  return {};
}

Result<Key> read_key(const NamedBytes& file, const std::vector<std::string>& passwords) {
  if (file.bytes.starts_with("engine:")) return read_engine_key(file.bytes);
  const auto attempt = [&file](const std::string* password) {
    const Bio in = reader(file.bytes);
    ERR_clear_error();
    void* data = const_cast<std::string*>(password);  // NOLINT: C's callback, which only reads.
    return Key(PEM_read_bio_PrivateKey(in.get(), nullptr, give_password, data));
  };
  if (passwords.empty()) {
    if (Key key = attempt(nullptr)) return key;
  }
  for (const std::string& password : passwords) {
    if (Key key = attempt(&password)) return key;
  }
  return refused("cannot load certificate key", file.name, "PEM_read_bio_PrivateKey");
}

}  // namespace

Result<void> use_key_pair(SSL_CTX* context, const KeyPair& pair, const std::vector<std::string>& passwords) {
  ERR_clear_error();
  if (auto done = use_chain(context, pair.certificate); !done) return done;
  auto key = read_key(pair.key, passwords);
  if (!key) return fail(std::move(key).error());
  if (SSL_CTX_use_PrivateKey(context, key->get()) != 1)
    return refused("cannot load certificate key", pair.key.name, "SSL_CTX_use_PrivateKey");
  return {};
}

Result<void> trust(SSL_CTX* context, const NamedBytes& authorities, Names names) {
  if (authorities.empty()) return {};
  ERR_clear_error();
  const Bio in = reader(authorities.bytes);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int found = 0;
  while (const Certificate each{PEM_read_bio_X509_AUX(in.get(), nullptr, give_password, nullptr)}) {
    ++found;
    X509_STORE_add_cert(store, each.get());
    if (names == Names::kOffered) SSL_CTX_add_client_CA(context, each.get());
  }
  if (found == 0 || !at_end_of_pem())
    return fail(
        Error(fmt::format("SSL_CTX_load_verify_locations(\"{}\") failed ({})", authorities.name, openssl_errors())));
  return {};
}

Result<void> use_revocations(SSL_CTX* context, const NamedBytes& list) {
  if (list.empty()) return {};
  ERR_clear_error();
  const Bio in = reader(list.bytes);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int found = 0;
  while (const std::unique_ptr<X509_CRL, Free<X509_CRL_free>> each{
      PEM_read_bio_X509_CRL(in.get(), nullptr, give_password, nullptr)}) {
    ++found;
    X509_STORE_add_crl(store, each.get());
  }
  if (found == 0 || !at_end_of_pem())
    return fail(Error(fmt::format("X509_LOOKUP_load_file(\"{}\") failed ({})", list.name, openssl_errors())));
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

void allow_protocols(SSL_CTX* context, const std::vector<std::string>& protocols) {
  struct Version {
    std::string_view word;
    std::uint64_t without;
  };
  static constexpr std::array kVersions = {
      Version{"SSLv3", SSL_OP_NO_SSLv3},     Version{"TLSv1", SSL_OP_NO_TLSv1},
      Version{"TLSv1.1", SSL_OP_NO_TLSv1_1}, Version{"TLSv1.2", SSL_OP_NO_TLSv1_2},
      Version{"TLSv1.3", SSL_OP_NO_TLSv1_3},
  };
  // The distribution's configuration of OpenSSL has a least version of its own, which is not what was asked for.
  SSL_CTX_set_min_proto_version(context, 0);
  SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
  for (const Version& each : kVersions) {
    const bool wanted = std::find(protocols.begin(), protocols.end(), each.word) != protocols.end();
    if (wanted)
      SSL_CTX_clear_options(context, each.without);
    else
      SSL_CTX_set_options(context, each.without);
  }
}

Result<void> use_ciphers(SSL_CTX* context, const std::string& list) {
  ERR_clear_error();
  if (SSL_CTX_set_cipher_list(context, list.c_str()) != 1)
    return fail(Error(fmt::format("SSL_CTX_set_cipher_list(\"{}\") failed ({})", list, openssl_errors())));
  return {};
}

Result<void> use_curves(SSL_CTX* context, const std::string& list) {
  if (list.empty() || list == "auto") return {};
  ERR_clear_error();
  if (SSL_CTX_set1_groups_list(context, list.c_str()) != 1)
    return fail(Error(fmt::format("SSL_CTX_set1_curves_list(\"{}\") failed ({})", list, openssl_errors())));
  return {};
}

Result<void> use_dh_parameters(SSL_CTX* context, const NamedBytes& parameters) {
  if (parameters.empty()) return {};
  ERR_clear_error();
  const Bio in = reader(parameters.bytes);
  Key read(PEM_read_bio_Parameters(in.get(), nullptr));
  if (!read)
    return fail(Error(fmt::format("PEM_read_bio_DHparams(\"{}\") failed ({})", parameters.name, openssl_errors())));
  if (SSL_CTX_set0_tmp_dh_pkey(context, read.get()) != 1)
    return fail(Error(fmt::format("SSL_CTX_set_tmp_dh(\"{}\") failed ({})", parameters.name, openssl_errors())));
  static_cast<void>(read.release());
  return {};
}

Result<void> run_commands(SSL_CTX* context, const std::vector<std::vector<std::string>>& commands) {
  if (commands.empty()) return {};
  ERR_clear_error();
  const std::unique_ptr<SSL_CONF_CTX, Free<SSL_CONF_CTX_free>> run(SSL_CONF_CTX_new());
  SSL_CONF_CTX_set_flags(run.get(), SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CLIENT |
                                        SSL_CONF_FLAG_CERTIFICATE | SSL_CONF_FLAG_SHOW_ERRORS);
  SSL_CONF_CTX_set_ssl_ctx(run.get(), context);
  for (const std::vector<std::string>& command : commands) {
    const std::string name = command.empty() ? "" : command[0];
    const std::string value = command.size() < 2 ? "" : command[1];
    const int type = SSL_CONF_cmd_value_type(run.get(), name.c_str());
    if (type == SSL_CONF_TYPE_UNKNOWN)
      return fail(Error(fmt::format("unknown command \"{}\" in ssl_conf_command", name)));
    if (SSL_CONF_cmd(run.get(), name.c_str(), value.c_str()) <= 0)
      return fail(Error(fmt::format("SSL_CONF_cmd(\"{}\", \"{}\") failed ({})", name, value, openssl_errors())));
  }
  if (SSL_CONF_CTX_finish(run.get()) != 1)
    return fail(Error(fmt::format("SSL_CONF_finish() failed ({})", openssl_errors())));
  return {};
}

void set_modes(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Released buffers: an idle connection keeps none. Read ahead: one recv() for several records.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(context, 1);
}

}  // namespace tierce::tls
