#include "http/cgi_request.h"

#include "http/fastcgi_record.h"

namespace tierce::http {
namespace {

constexpr std::uint16_t kRequestId = 1;

void append_size16(std::string& out, std::size_t size) {
  out.push_back(static_cast<char>(size & 0xff));
  out.push_back(static_cast<char>(size >> 8 & 0xff));
}

void append_fastcgi_size(std::string& out, std::size_t size) {
  if (size < 128) {
    out.push_back(static_cast<char>(size));
    return;
  }
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((size >> shift & 0xff) | (shift == 24 ? 0x80u : 0u)));
}

}  // namespace

bool append_uwsgi_request(std::string& out, const CgiParams& params, std::uint8_t modifier1, std::uint8_t modifier2) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : params) {
    if (name.size() > 0xffff || value.size() > 0xffff) return false;
    bytes += 4 + name.size() + value.size();
  }
  if (bytes > 0xffff) return false;
  out.reserve(out.size() + bytes + 4);
  out.push_back(static_cast<char>(modifier1));
  append_size16(out, bytes);
  out.push_back(static_cast<char>(modifier2));
  for (const auto& [name, value] : params) {
    append_size16(out, name.size());
    out.append(name);
    append_size16(out, value.size());
    out.append(value);
  }
  return true;
}

void append_scgi_request(std::string& out, const CgiParams& params) {
  std::string block;
  const auto add = [&block](const auto& pair) {
    block.append(pair.first).push_back('\0');
    block.append(pair.second).push_back('\0');
  };
  for (const auto& pair : params) {
    if (pair.first == "CONTENT_LENGTH") add(pair);
  }
  for (const auto& pair : params) {
    if (pair.first != "CONTENT_LENGTH") add(pair);
  }
  out.append(std::to_string(block.size())).append(":").append(block).append(",");
}

void append_fastcgi_request(std::string& out, const CgiParams& params, bool keep_connection) {
  const char begin[8] = {0, 1, static_cast<char>(keep_connection ? 1 : 0), 0, 0, 0, 0, 0};  // Role: responder.
  append_record(out, RecordType::kBeginRequest, kRequestId, {begin, sizeof begin});
  std::string block;
  for (const auto& [name, value] : params) {
    append_fastcgi_size(block, name.size());
    append_fastcgi_size(block, value.size());
    block.append(name).append(value);
  }
  append_stream(out, RecordType::kParams, kRequestId, block);
  append_record(out, RecordType::kParams, kRequestId, {});
}

void append_fastcgi_body(std::string& out, std::string_view body) {
  if (body.empty()) {
    append_record(out, RecordType::kStdin, kRequestId, {});
  } else {
    append_stream(out, RecordType::kStdin, kRequestId, body);
  }
}

}  // namespace tierce::http
