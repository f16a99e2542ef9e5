// One parsed request head: where each part stands in the bytes it was parsed from, as offsets, so that
// the whole can be copied to another process with one memcpy and needs no fixing up.
#pragma once

#include <cstdint>
#include <string_view>

namespace tierce::http {

// A part of the head: [offset, offset + length) of the buffer that was parsed.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::string_view in(const char* bytes) const { return {bytes + offset, length}; }
};

struct HeaderField {
  Span name;   // As sent; a token (RFC 9110 5.6.2).
  Span value;  // Without the blanks around it.
};

enum class Method : std::uint8_t { kOther, kGet, kHead, kPost, kPut, kDelete, kOptions, kPatch, kConnect, kTrace };

enum class BodyKind : std::uint8_t { kNone, kLength, kChunked };

// What the fields of a head are: the header lines of an HTTP request, or the CGI variables with which a
// front server passed one on ("HTTP_HOST"; cgi_head.h).
enum class FieldForm : std::uint8_t { kHeaders, kVariables };

// How `path` stands: percent-encoded as in a target, or decoded by the front server.
enum class PathForm : std::uint8_t { kRaw, kDecoded };

// More headers than this are refused whatever the configured limit says.
inline constexpr std::uint32_t kHeaderFieldsMax = 1024;

// Fixed part; the fields follow in an array owned by the parser's caller (see request_parser.h).
struct RequestHead {
  Method method = Method::kOther;
  std::uint8_t minor_version = 1;  // HTTP/1.0 or HTTP/1.1.
  BodyKind body = BodyKind::kNone;
  FieldForm form = FieldForm::kHeaders;
  PathForm path_form = PathForm::kRaw;
  bool path_info_sent = false;       // kVariables: PATH_INFO is among them; else `path` takes its place.
  bool keep_alive = true;            // What the client asked for, the version's default applied.
  bool expect_continue = false;      // Expect: 100-continue (HTTP/1.1 only).
  bool upgrade = false;              // Connection: upgrade with an Upgrade field.
  bool te_trailers = false;          // TE: trailers.
  std::uint64_t content_length = 0;  // Meaningful when body == kLength.
  Span method_name;
  Span target;             // The request target as sent.
  Span path;               // Raw path of the target (absolute-form already taken apart); "*" for OPTIONS *.
                           // Empty for "http://h" and "http://h?q": it means "/".
  Span query;              // Without the '?'.
  bool has_query = false;  // "/a?" has an empty query, "/a" has none.
  Span authority;          // From an absolute-form target when there is one, else from Host; empty in 1.0 without.
  std::uint32_t field_count = 0;
  std::uint32_t head_bytes = 0;  // Bytes of the buffer that the head took, final CRLF included.
};

}  // namespace tierce::http
