#include "nginx/site.h"

#include "nginx/access_logs.h"
#include "nginx/body_filter.h"
#include "nginx/dns_resolver.h"
#include "nginx/error_logs.h"
#include "nginx/local_apps.h"
#include "nginx/name_resolver.h"
#include "nginx/pass_tls.h"
#include "nginx/request.h"
#include "nginx/upstream_peers.h"

namespace tierce::nginx {

Site::Site(Loop& loop, conf::Model model, Place place)
    : loop_(loop),
      model_(std::move(model)),
      place_(std::move(place)),
      log_targets_(*place_.log_files),
      requests_(std::make_unique<RequestPool>(*this)),
      access_logs_(std::make_unique<AccessLogs>(*this)),
      error_logs_(std::make_unique<ErrorLogs>(*this)),
      pass_tls_(std::make_unique<PassTls>(place_.folder)),
      local_apps_(std::make_unique<LocalApps>(loop_, place_.chain, place_.chain_names_only)),
      body_filters_(std::make_unique<BodyFilters>()),
      names_(std::make_unique<NameResolver>(loop)),
      upstreams_(std::make_unique<UpstreamGroups>(*this)) {}

Site::~Site() = default;

Result<void> Site::open() {
  if (auto opened = variables_.open(model_); !opened) return opened;
  if (auto opened = error_logs_->open(); !opened) return opened;
  if (auto opened = access_logs_->open(); !opened) return opened;
  upstreams_->open();
  if (auto opened = local_apps_->open(); !opened) return opened;
  for (std::size_t i = 0; i < model_.servers.size(); ++i) tls_of_[model_.servers[i].get()] = (*place_.tls)[i];
  return {};
}

std::string_view Site::text(Request& request, const conf::TextValue& value, std::string& room) {
  if (value.parts.empty()) return {};
  if (value.parts.size() == 1 && value.parts.front().kind == conf::TextPart::Kind::kLiteral)
    return value.parts.front().text;
  room.clear();
  append_text(request, value, room);
  return room;
}

void Site::append_text(Request& request, const conf::TextValue& value, std::string& out) {
  for (const conf::TextPart& part : value.parts) {
    switch (part.kind) {
      case conf::TextPart::Kind::kLiteral:
        out += part.text;
        break;
      case conf::TextPart::Kind::kCapture: {
        const auto index = static_cast<std::size_t>(part.capture);
        if (index < request.captures.size()) out += request.captures[index];
        break;
      }
      case conf::TextPart::Kind::kVariable:
        if (part.slot == 0) part.slot = variables_.slot_of(part.text);
        variables_.append(request, part.slot, out);
        break;
    }
  }
}

std::string Site::text(Request& request, const conf::TextValue& value) {
  std::string room;
  return std::string(text(request, value, room));
}

bool Site::variable(Request& request, std::string_view name, std::string& out) {
  return variables_.append(request, variables_.slot_of(name), out);
}

Result<DnsResolver*> Site::resolver(const conf::Words& words) {
  auto& known = resolvers_[words];
  if (known == nullptr) {
    auto made = DnsResolver::create(loop_, words);
    if (!made) return fail(std::move(made).error());
    known = std::move(*made);
  }
  return known.get();
}

std::string Site::full_path(std::string_view path) const {
  if (path.starts_with('/')) return std::string(path);
  return place_.prefix + std::string(path);
}

std::string Site::path_beside_configuration(std::string_view path) const {
  if (path.starts_with('/')) return std::string(path);
  return place_.folder + '/' + std::string(path);
}

const RefererList& Site::referers(const conf::LocationSettings& settings, const conf::Server& server) {
  auto& place = referers_[&settings];
  if (place == nullptr) {
    auto made = RefererList::make(settings.valid_referers, server.names);
    // The configuration has been checked: its words are good.
    if (!made) made = RefererList::make({}, {});
    place = std::make_unique<RefererList>(std::move(*made));
  }
  return *place;
}

std::string_view Site::content_type_of(const Request& request, std::string_view path) const {
  const conf::LocationSettings& settings = *request.settings;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos && dot > 0 && dot + 1 < name.size()) {
    std::string ending(name.substr(dot + 1));
    for (char& c : ending) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (!settings.types) {
      if (ending == "html") return "text/html";
      if (ending == "gif") return "image/gif";
      if (ending == "jpg") return "image/jpeg";
    } else if (const auto found = settings.types->find(ending); found != settings.types->end()) {
      return found->second;
    }
  }
  return settings.default_type ? std::string_view(*settings.default_type) : std::string_view("text/plain");
}

}  // namespace tierce::nginx
