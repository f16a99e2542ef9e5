// Keys that an engine of OpenSSL holds, a smart card for example: ssl_certificate_key engine:NAME:ID.
#pragma once

#include <string>

#include "base/result.h"
#include "tls/openssl_ptr.h"

namespace tierce::tls {

// `written`: all of "engine:NAME:ID". Fails with nginx's words.
Result<Key> read_engine_key(const std::string& written);

}  // namespace tierce::tls
