#include "nginx/pass_tls.h"

#include "nginx/error_logs.h"
#include "nginx/site.h"

namespace tierce::nginx {

tls::Session* begin_pass_tls(Request& request, const conf::PassingSettings&, const std::string&, edge::ClientStream&) {
  request.site.error_logs().line(Level::kError, request, "TLS to upstreams");
  return nullptr;
}

}  // namespace tierce::nginx
