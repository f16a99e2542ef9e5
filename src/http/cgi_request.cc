#include "http/cgi_request.h"

#include <cstring>

#include "http/fastcgi_record.h"

namespace tierce::http {
namespace {

constexpr std::uint16_t kRequestId = 1;

char* write_size16(char* at, std::size_t size) {
  *at++ = static_cast<char>(size & 0xff);
  *at++ = static_cast<char>(size >> 8 & 0xff);
  return at;
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
  const std::size_t bytes = params.uwsgi_bytes();
  if (bytes > kUwsgiParamBytesMax) return false;
  const std::size_t before = out.size();
  out.resize(before + 4 + bytes);
  char* at = out.data() + before;
  *at++ = static_cast<char>(modifier1);
  at = write_size16(at, bytes);
  *at++ = static_cast<char>(modifier2);
  for (std::size_t i = 0; i < params.size(); ++i) {
    for (const std::string_view text : {params.name(i), params.value(i)}) {
      at = write_size16(at, text.size());
      std::memcpy(at, text.data(), text.size());
      at += text.size();
    }
  }
  return true;
}

void append_scgi_request(std::string& out, const CgiParams& params) {
  std::string block;
  for (const bool of_length : {true, false}) {
    for (std::size_t i = 0; i < params.size(); ++i) {
      if ((params.name(i) == "CONTENT_LENGTH") != of_length) continue;
      block.append(params.name(i)).push_back('\0');
      block.append(params.value(i)).push_back('\0');
    }
  }
  out.append(std::to_string(block.size())).append(":").append(block).append(",");
}

void append_fastcgi_request(std::string& out, const CgiParams& params, bool keep_connection) {
  const char begin[8] = {0, 1, static_cast<char>(keep_connection ? 1 : 0), 0, 0, 0, 0, 0};  // Role: responder.
  append_record(out, RecordType::kBeginRequest, kRequestId, {begin, sizeof begin});
  std::string block;
  for (std::size_t i = 0; i < params.size(); ++i) {
    append_fastcgi_size(block, params.name(i).size());
    append_fastcgi_size(block, params.value(i).size());
    block.append(params.name(i)).append(params.value(i));
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
