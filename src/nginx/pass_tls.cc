#include "nginx/pass_tls.h"

#include <fmt/format.h>

#include "nginx/error_logs.h"
#include "nginx/site.h"

namespace tierce::nginx {

PassTls::PassTls(std::string folder) : folder_(std::move(folder)) {}

Result<std::shared_ptr<const tls::ClientContext>> PassTls::context_of(const conf::PassingTls& settings) {
  auto& place = contexts_[&settings];
  if (place != nullptr) return place;
  auto material = tls::read_client_material(settings, folder_);
  if (!material) return fail(std::move(material).error());
  auto context = tls::ClientContext::create(*material);
  if (!context) return fail(std::move(context).error());
  place = std::move(*context);
  return place;
}

std::shared_ptr<tls::LastSession> PassTls::last_session(const conf::PassingTls& settings, const std::string& address) {
  auto& place = sessions_[{&settings, address}];
  if (place == nullptr) place = std::make_shared<tls::LastSession>();
  return place;
}

tls::Session* begin_pass_tls(Request& request, const conf::PassingSettings& settings, const std::string& address,
                             edge::ClientStream& io) {
  PassTls& all = request.site.pass_tls();
  auto context = all.context_of(settings.tls);
  if (!context) {
    request.site.error_logs().line(Level::kEmerg, request, context.error().text());
    return nullptr;
  }
  tls::Departure departure;
  departure.context = std::move(*context);
  const std::string name = settings.tls.name ? request.site.text(request, *settings.tls.name) : request.proxy_host;
  departure.name = std::string(tls::without_port(name));
  departure.tell_name = settings.tls.server_name.value_or(false);
  if (settings.tls.session_reuse.value_or(true)) departure.last = all.last_session(settings.tls, address);
  return &io.begin_tls(std::move(departure));
}

}  // namespace tierce::nginx
