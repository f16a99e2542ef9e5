// What one thread serves: the model of the configuration with what was prepared of it. Belongs to its thread; what
// threads share (zones, upstreams' state) is behind shared.h.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "config/nginx/interpreter.h"
#include "nginx/log_target.h"
#include "nginx/loop.h"
#include "nginx/referer_list.h"
#include "nginx/small_files.h"
#include "nginx/variable_table.h"
#include "tls/server_context.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class AccessLogs;
class BodyFilters;
class DnsResolver;
class ErrorLogs;
class LocalApps;
class NameResolver;
class PassTls;
class SharedZones;
class UpstreamGroups;
class Request;
class RequestPool;

// Numbers of all threads, for stub_status.
struct Counters {
  std::atomic<std::uint64_t> accepted{0}, handled{0}, requests{0};
  std::atomic<std::int64_t> active{0}, reading{0}, writing{0}, waiting{0};
};

class Site {
 public:
  // What threads share, and where files are.
  struct Place {
    std::string prefix;  // With its slash at the end.
    std::string folder;  // Of the configuration, without one.
    std::string default_error_log, default_access_log;
    Counters* counters;
    LogFiles* log_files;
    const SharedZones* zones;
    int chain = -1;  // For LocalApps.
    bool chain_names_only = false;
    // Of each server, in the order of the model.
    const std::vector<std::shared_ptr<const tls::ServerContext>>* tls;
  };
  Site(Loop& loop, conf::Model model, Place place);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  Result<void> open();

  // The text with its variables. `room` holds what is made; constants are given as they are.
  std::string_view text(Request& request, const conf::TextValue& value, std::string& room);
  std::string text(Request& request, const conf::TextValue& value);
  void append_text(Request& request, const conf::TextValue& value, std::string& out);
  // By name; false: there is none, or it has no value.
  bool variable(Request& request, std::string_view name, std::string& out);
  // An absolute path: what is relative begins at the prefix.
  std::string full_path(std::string_view path) const;
  // The same for files of passwords, which begin in the folder of the configuration.
  std::string path_beside_configuration(std::string_view path) const;

  Loop& loop() { return loop_; }
  const conf::Model& model() const { return model_; }
  VariableTable& variables() { return variables_; }
  AccessLogs& access_logs() { return *access_logs_; }
  ErrorLogs& error_logs() { return *error_logs_; }
  UpstreamGroups& upstreams() { return *upstreams_; }
  NameResolver& names() { return *names_; }
  // Of these words of a `resolver`, made when it is first asked for.
  Result<DnsResolver*> resolver(const conf::Words& words);
  // nullptr: the server has neither certificate nor rejects handshakes.
  std::shared_ptr<const tls::ServerContext> tls_of(const conf::Server& server) const {
    const auto found = tls_of_.find(&server);
    return found == tls_of_.end() ? nullptr : found->second;
  }
  LocalApps& local_apps() { return *local_apps_; }
  PassTls& pass_tls() { return *pass_tls_; }
  RequestPool& requests() { return *requests_; }
  SmallFiles& small_files() { return small_files_; }
  BodyFilters& body_filters() { return *body_filters_; }
  const SharedZones& zones() const { return *place_.zones; }
  LogTargets& log_targets() { return log_targets_; }
  Counters& counters() { return *place_.counters; }
  const std::string& default_error_log() const { return place_.default_error_log; }
  const std::string& default_access_log() const { return place_.default_access_log; }
  // valid_referers of a location, prepared when it is first asked for.
  const RefererList& referers(const conf::LocationSettings& settings, const conf::Server& server);
  std::string_view content_type_of(const Request& request, std::string_view path) const;
  std::uint64_t next_request_number() { return ++request_number_; }
  std::uint64_t next_connection_number() { return ++connection_number_; }

 private:
  Loop& loop_;
  conf::Model model_;
  Place place_;
  LogTargets log_targets_;
  VariableTable variables_;
  std::unique_ptr<RequestPool> requests_;
  std::unique_ptr<AccessLogs> access_logs_;
  std::unique_ptr<ErrorLogs> error_logs_;
  std::unordered_map<const conf::Server*, std::shared_ptr<const tls::ServerContext>> tls_of_;
  std::unique_ptr<PassTls> pass_tls_;
  std::unique_ptr<LocalApps> local_apps_;
  std::unique_ptr<BodyFilters> body_filters_;
  std::unique_ptr<NameResolver> names_;
  std::map<conf::Words, std::unique_ptr<DnsResolver>> resolvers_;
  std::unique_ptr<UpstreamGroups> upstreams_;
  SmallFiles small_files_;
  std::unordered_map<const conf::LocationSettings*, std::unique_ptr<RefererList>> referers_;
  std::uint64_t request_number_ = 0;
  std::uint64_t connection_number_ = 0;
};

}  // namespace tierce::nginx
