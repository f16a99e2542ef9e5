// Engines are deprecated by OpenSSL 3, and configured by people all the same. Before all else, to have an effect.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tls/engine_key.h"

#include <fmt/format.h>
#include <openssl/engine.h>

#include <string_view>

#include "tls/context.h"

namespace tierce::tls {

Result<Key> read_engine_key(const std::string& written) {
  const std::string named = written.substr(std::string_view("engine:").size());
  const std::size_t colon = named.find(':');
  if (colon == std::string::npos) return fail(Error(fmt::format("invalid syntax in \"{}\"", written)));
  const auto refused = [&written](std::string_view call) {
    return fail(
        Error(fmt::format("cannot load certificate key \"{}\": {} failed ({})", written, call, openssl_errors())));
  };
  ENGINE* engine = ENGINE_by_id(named.substr(0, colon).c_str());
  if (engine == nullptr) return refused("ENGINE_by_id()");
  const bool begun = ENGINE_init(engine) == 1;
  Key key(begun ? ENGINE_load_private_key(engine, named.substr(colon + 1).c_str(), nullptr, nullptr) : nullptr);
  ENGINE_free(engine);
  if (!key) return refused(begun ? "ENGINE_load_private_key()" : "ENGINE_init()");
  return key;
}

}  // namespace tierce::tls
