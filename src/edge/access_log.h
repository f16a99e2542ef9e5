// The access log, in the combined format or one of its own, buffered: a line is formatted into memory and written with
// many others, at the latest 100 ms after the request. Off the hot path otherwise.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/access_log_format.h"
#include "edge/line_encoder.h"
#include "os/memory_use.h"
#include "os/unique_fd.h"

namespace tierce::edge {

using config::AccessLogFormat;
using config::Atom;
using config::FormatPart;

// Header fields by their names in lower case; "" for one that is not there.
class AccessFields {
 public:
  virtual ~AccessFields() = default;
  virtual std::string_view request(std::string_view name) const = 0;
  virtual std::string_view response(std::string_view name) const = 0;
  // A variable that a front server has sent, by its own name.
  virtual std::string_view variable(std::string_view) const { return {}; }
  // What the application or a route has set for the log.
  virtual std::string_view log_variable(std::string_view) const { return {}; }
};

struct AccessRecord {
  std::string_view remote_address;  // "" prints as "-".
  std::string_view remote_user;
  std::string_view request_line;
  int status;
  std::uint64_t body_bytes;
  std::string_view referer;
  std::string_view user_agent;
  // What formats other than the combined one may ask for.
  std::string_view method;
  std::string_view target;
  std::string_view path;  // Raw.
  std::string_view query;
  std::string_view protocol;
  std::uint64_t duration_ns;
  int pid;
  const AccessFields* fields;  // Required where the format has fields.
  std::string_view host;
  std::uint64_t request_body_bytes;
  std::uint32_t request_fields;
  std::uint32_t request_head_bytes;
  std::uint32_t response_fields;
  std::uint32_t response_head_bytes;
  std::uint32_t worker;
  std::uint32_t thread;
  bool from_file;
  bool client_lost;
};

class AccessLog {
 public:
  // Path, "-" for standard output, "" for none.
  static Result<AccessLog> open(const std::string& path, AccessLogFormat format);
  // Of a descriptor that somebody else has opened; an invalid one: no log.
  static AccessLog on_descriptor(os::UniqueFd file, AccessLogFormat format);
  AccessLog() = default;
  // ... and has opened anew.
  void use(os::UniqueFd file);
  // Each line goes through these, in their order.
  void encode_with(std::vector<LineEncoder> encoders) { encoders_ = std::move(encoders); }

  bool on() const { return on_; }
  // Whether records need more than the combined format does, and the fields of responses.
  bool detailed() const { return detailed_; }
  // What the format asks for of what is costly to find.
  bool wants_user() const { return wants_user_; }
  bool wants_request_line() const { return wants_request_line_; }
  bool wants_referer() const { return wants_referer_; }
  bool wants_user_agent() const { return wants_user_agent_; }
  bool wants_response_fields() const { return wants_response_fields_; }
  bool wants_log_variables() const { return wants_log_variables_; }
  void add(const AccessRecord& record, std::time_t now);
  // Writes what is buffered when it is large or old enough.
  void flush_if_due(std::uint64_t now_ns);
  void flush();
  bool pending() const { return !lines_.empty(); }
  Result<void> reopen();

 private:
  void take_format(AccessLogFormat format);
  void append(const FormatPart& part, const AccessRecord& record);

  // A time as text, made once a second.
  struct Stamp {
    std::time_t of = 0;
    char text[64] = {};
    std::size_t bytes = 0;
    std::string_view at(std::time_t time, const char* format);
  };
  void append_uwsgi(const FormatPart& part, const AccessRecord& record);
  os::MemoryUse memory_of(int pid);

  bool on_ = false;
  bool detailed_ = false;
  bool wants_user_ = false, wants_request_line_ = false, wants_referer_ = false, wants_user_agent_ = false;
  bool wants_response_fields_ = false;
  bool wants_log_variables_ = false;
  AccessLogFormat format_;
  std::string decoded_;
  std::string path_;
  os::UniqueFd file_;
  std::string lines_;
  std::vector<LineEncoder> encoders_;
  std::uint64_t now_us_ = 0;
  std::uint64_t count_of_line_ = 0;
  Stamp start_local_, start_ctime_, start_formatted_;
  struct Memory {
    int pid;
    std::uint64_t until_us;
    os::MemoryUse use;
  };
  std::vector<Memory> memory_;
  std::uint64_t oldest_ns_ = 0;
  std::time_t stamp_of_ = 0;
  char stamp_[32] = {};
  std::size_t stamp_bytes_ = 0;
};

}  // namespace tierce::edge
