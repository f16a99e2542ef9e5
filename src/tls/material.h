// Certificates and keys, read from their files once by the supervisor, who may; the edge, who may not, gets
// them as bytes and never as paths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/tls_settings.h"

namespace tierce::tls {

struct Material {
  std::string name;         // The certificate's file, for messages.
  std::string certificate;  // PEM.
  std::string key;
  std::string authorities;  // "": the machine's.
  std::string ciphers;
  config::ClientCertificate client = config::ClientCertificate::kNotAsked;
};

// Reads the files and tries what they hold: a key that is not the certificate's is an error here, which names the
// file.
Result<Material> read_material(const config::TlsSettings& settings);

// All of them as one text, and back: what goes to the edge when the files were renewed.
std::string pack(const std::vector<Material>& all);
Result<std::vector<Material>> unpack(std::string_view packed);

}  // namespace tierce::tls
