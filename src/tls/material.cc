#include "tls/material.h"

#include <fmt/format.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "os/file_text.h"
#include "tls/context.h"

namespace tierce::tls {
namespace {

Result<std::string> bytes_of(const std::string& path) {
  auto bytes = os::read_file(path);
  if (!bytes) return fail(errno_error(path, bytes.error()));
  return std::move(*bytes);
}

}  // namespace

Result<Material> read_material(const config::TlsSettings& settings) {
  Material material{.name = settings.certificate, .ciphers = settings.ciphers, .client = settings.client};
  auto certificate = bytes_of(settings.certificate);
  if (!certificate) return fail(std::move(certificate).error().during("certificate"));
  material.certificate = std::move(*certificate);
  if (settings.key.empty()) {
    material.key = material.certificate;
  } else {
    auto key = bytes_of(settings.key);
    if (!key) return fail(std::move(key).error().during("key of the certificate"));
    material.key = std::move(*key);
  }
  if (!settings.authorities.empty()) {
    auto authorities = bytes_of(settings.authorities);
    if (!authorities) return fail(std::move(authorities).error().during("authorities of client certificates"));
    material.authorities = std::move(*authorities);
  }
  if (auto tried = Context::create(material); !tried) return fail(std::move(tried).error());
  return material;
}

std::string pack(const std::vector<Material>& all) {
  nlohmann::json packed = nlohmann::json::array();
  for (const Material& each : all) {
    // As arrays of bytes: a file may hold anything beside its PEM.
    packed.push_back({{"name", nlohmann::json::binary({each.name.begin(), each.name.end()})},
                      {"certificate", nlohmann::json::binary({each.certificate.begin(), each.certificate.end()})},
                      {"key", nlohmann::json::binary({each.key.begin(), each.key.end()})},
                      {"authorities", nlohmann::json::binary({each.authorities.begin(), each.authorities.end()})},
                      {"ciphers", nlohmann::json::binary({each.ciphers.begin(), each.ciphers.end()})},
                      {"client", static_cast<unsigned>(each.client)}});
  }
  const std::vector<std::uint8_t> bytes = nlohmann::json::to_cbor(packed);
  return {bytes.begin(), bytes.end()};
}

Result<std::vector<Material>> unpack(std::string_view packed) {
  const nlohmann::json read = nlohmann::json::from_cbor(packed, true, false);
  if (!read.is_array()) return fail("certificates: not what pack() has made");
  std::vector<Material> all;
  for (const nlohmann::json& each : read) {
    const auto text = [&each](const char* name) {
      const auto& bytes = each.at(name).get_binary();
      return std::string(bytes.begin(), bytes.end());
    };
    all.push_back({.name = text("name"),
                   .certificate = text("certificate"),
                   .key = text("key"),
                   .authorities = text("authorities"),
                   .ciphers = text("ciphers"),
                   .client = static_cast<config::ClientCertificate>(each.at("client").get<unsigned>())});
  }
  return all;
}

}  // namespace tierce::tls
