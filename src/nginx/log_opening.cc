#include "nginx/log_opening.h"

namespace tierce::nginx {
namespace {

namespace conf = config::nginx;

class Opening {
 public:
  Opening(const std::string& prefix, LogFiles& files) : prefix_(prefix), files_(files) {}

  Result<void> errors(const std::vector<conf::ErrorLog>& logs) {
    for (const conf::ErrorLog& log : logs) {
      if (log.target == "stderr" || log.target.starts_with("syslog:") || log.target.starts_with("memory:")) continue;
      if (auto opened = open(log.target); !opened) return opened;
    }
    return {};
  }

  Result<void> location(const conf::Location& location) {
    if (auto opened = errors(location.settings.error_logs); !opened) return opened;
    for (const conf::AccessLog& log : location.settings.access_logs.value_or(std::vector<conf::AccessLog>())) {
      if (log.syslog || !log.path.constant()) continue;
      if (auto opened = open(log.path.written); !opened) return opened;
    }
    for (const auto& inner : location.locations) {
      if (auto opened = this->location(*inner); !opened) return opened;
    }
    for (const conf::Instruction& each : location.instructions) {
      const auto* branch = std::get_if<conf::If>(&each);
      if (branch == nullptr) continue;
      if (auto opened = this->location(*branch->inside); !opened) return opened;
    }
    return {};
  }

 private:
  Result<void> open(const std::string& path) {
    auto opened = files_.open(path.starts_with('/') ? path : prefix_ + path);
    if (!opened) return fail(std::move(opened).error());
    return {};
  }

  const std::string& prefix_;
  LogFiles& files_;
};

}  // namespace

Result<void> open_logs(const conf::Model& model, const std::string& prefix, LogFiles& files) {
  Opening opening(prefix, files);
  if (auto opened = opening.errors(model.main.error_logs); !opened) return opened;
  for (const auto& server : model.servers) {
    if (auto opened = opening.location(server->root); !opened) return opened;
  }
  return {};
}

}  // namespace tierce::nginx
