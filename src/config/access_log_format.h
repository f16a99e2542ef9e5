// A format of the access log in Gunicorn's language, "%(h)s %({x-request-id}i)s", taken apart once, so that a
// line costs no lookup of names and no allocation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::config {

enum class Atom : std::uint8_t {
  kText,            // Literal.
  kRemoteAddress,   // h
  kDash,            // l, and what nobody knows
  kUser,            // u
  kTime,            // t: [31/Jan/2026:10:00:00 +0000]
  kRequestLine,     // r
  kStatus,          // s
  kMethod,          // m
  kPath,            // U: without the query, decoded
  kQuery,           // q
  kProtocol,        // H
  kBodyBytes,       // b, B
  kReferer,         // f
  kUserAgent,       // a
  kSeconds,         // T
  kMicroseconds,    // D
  kMilliseconds,    // M
  kDecimalSeconds,  // L
  kPid,             // p: <pid> of the worker
  kRequestField,    // {name}i, {HTTP_NAME}e
  kResponseField,   // {name}o
  kTarget,          // {raw_uri}e

  // Of uWSGI's language alone (uwsgi_line.cc).
  kHost,
  kForwardedAddress,  // X-Forwarded-For, else the address.
  kHeadBytes,         // Of the response.
  kAllBytes,          // Head and body.
  kRequestBodyBytes,
  kRequestHeadBytes,
  kRequestFields,   // How many.
  kResponseFields,  // How many.
  kStartSeconds,    // Since 1970; and so on.
  kStartMilliseconds,
  kStartMicroseconds,
  kStartLocal,      // 31/Jan/2026:10:00:00 +0000
  kStartCtime,      // Sat Jan 31 10:00:00 2026
  kStartFormatted,  // By the part's text.
  kNowSeconds,
  kBarePid,
  kWorker,
  kThread,
  kVirtualBytes,
  kVirtualMegabytes,
  kResidentBytes,
  kResidentMegabytes,
  kVariable,     // Of the request, by the part's text.
  kLogVariable,  // Set by a route or by the application; by the part's text.
  kCount,        // Of lines so far.
  kVia,          // " via sendfile() " for a file, else a blank.
  kLost,         // 1 when the client left before its response was out.
  kZero,
  kOne,
};

struct FormatPart {
  Atom atom;
  std::string text;  // kText, or a field's name in lower case.
  bool dash = true;  // Stands for nothing.
};

class AccessLogFormat {
 public:
  // nginx's and Apache's combined format, which is Gunicorn's default.
  static constexpr std::string_view kCombined = R"(%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s")";

  // Errors say at which character.
  static Result<AccessLogFormat> parse(std::string_view format);

  const std::vector<FormatPart>& parts() const { return parts_; }
  std::vector<FormatPart> take_parts() && { return std::move(parts_); }
  bool has(Atom atom) const;
  void add_part(FormatPart part);

 private:
  void add(Atom atom, std::string text = {});
  std::vector<FormatPart> parts_;
};

}  // namespace tierce::config
