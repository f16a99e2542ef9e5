#include "nginx/log_target.h"

namespace tierce::nginx {

void LogTarget::write(std::string_view line, int severity) {
  if (file_ != nullptr) {
    file_->write(line);
  } else {
    if (line.ends_with('\n')) line.remove_suffix(1);
    syslog_->send(line, severity);
  }
}

void LogTarget::write_lines(std::string_view lines) {
  if (file_ != nullptr) return file_->write(lines);
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    syslog_->send(lines.substr(0, end), -1);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
}

Result<LogTarget*> LogTargets::open(const std::string& name) {
  if (const auto known = targets_.find(name); known != targets_.end()) return known->second.get();
  std::unique_ptr<LogTarget> target;
  if (name.starts_with("syslog:")) {
    auto syslog = SyslogClient::open(name);
    if (!syslog) return fail(std::move(syslog).error());
    target = std::make_unique<LogTarget>(std::move(*syslog));
  } else {
    auto file = files_.open(name == "stderr" ? "" : name);
    if (!file) return fail(std::move(file).error());
    target = std::make_unique<LogTarget>(*file);
  }
  return targets_.emplace(name, std::move(target)).first->second.get();
}

}  // namespace tierce::nginx
