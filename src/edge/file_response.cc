#include "edge/file_response.h"

#include <fmt/format.h>

#include <atomic>
#include <iterator>

#include "http/byte_range.h"
#include "http/http_date.h"

namespace tierce::edge {
namespace {

using http::RangeRequest;

// As nginx has it: a number that no other response of this process has.
std::string new_boundary() {
  static std::atomic<std::uint64_t> last{0};
  return fmt::format("{:020}", last.fetch_add(1, std::memory_order_relaxed) + 1);
}

void add_parts(ReadyResponse& response, const RangeRequest& wanted, std::uint64_t bytes, std::string_view type) {
  const std::string boundary = new_boundary();
  for (const http::ByteRange& part : wanted.parts) {
    std::string text = fmt::format("\r\n--{}\r\n", boundary);
    if (!type.empty()) text += fmt::format("Content-Type: {}\r\n", type);
    text += fmt::format("Content-Range: bytes {}-{}/{}\r\n\r\n", part.begin, part.end - 1, bytes);
    response.parts.push_back({std::move(text), part.begin, part.end - part.begin});
  }
  response.parts.push_back({fmt::format("\r\n--{}--\r\n", boundary)});
  response.fields += fmt::format("Content-Type: multipart/byteranges; boundary={}\r\n", boundary);
}

}  // namespace

ReadyResponse make_file_response(os::OpenFile file, std::string_view type, std::string_view extra,
                                 const FileRequest& request) {
  ReadyResponse response;
  char modified[http::kHttpDateBytes];
  http::format_http_date(file.modified, modified);
  const std::string tag = http::entity_tag(file.modified, file.bytes);
  const http::Validators validators{file.modified, tag};
  if (const int status = http::judge(request.conditions, validators, request.modified_since); status != 0) {
    response.status = status;
    if (status == 412) return response;
  }
  fmt::format_to(std::back_inserter(response.fields), "Last-Modified: {}\r\nETag: {}\r\n{}",
                 std::string_view(modified, sizeof modified), tag, extra);
  if (response.status == 304) return response;
  RangeRequest wanted;
  if (!request.range.empty() && http::range_applies(request.conditions, validators)) {
    wanted = http::parse_range(request.range, file.bytes);
  }
  if (wanted.kind == RangeRequest::Kind::kUnsatisfiable) {
    response.status = 416;
    response.fields = fmt::format("Content-Range: bytes */{}\r\n", file.bytes);
    return response;
  }
  response.fields += "Accept-Ranges: bytes\r\n";
  if (wanted.parts.size() > 1) {
    response.status = 206;
    add_parts(response, wanted, file.bytes, type);
  } else {
    if (!type.empty()) response.fields += fmt::format("Content-Type: {}\r\n", type);
    http::ByteRange all{0, file.bytes};
    if (wanted.kind == RangeRequest::Kind::kParts) {
      response.status = 206;
      all = wanted.parts.front();
      response.fields += fmt::format("Content-Range: bytes {}-{}/{}\r\n", all.begin, all.end - 1, file.bytes);
    }
    response.parts.push_back({{}, all.begin, all.end - all.begin});
  }
  response.file = std::move(file.fd);
  return response;
}

}  // namespace tierce::edge
