#include "http/fastcgi_record.h"

#include <algorithm>
#include <cstring>

namespace tierce::http {
namespace {

constexpr unsigned char kVersion = 1;

}  // namespace

RecordDecoder::Step RecordDecoder::next(std::string_view bytes) {
  std::size_t consumed = 0;
  if (header_read_ < kRecordHeaderBytes) {
    const std::size_t now = std::min(kRecordHeaderBytes - header_read_, bytes.size());
    if (header_read_ == 0 && now > 0 && static_cast<unsigned char>(bytes[0]) != kVersion)
      return {Outcome::kRefused, 0, {}};
    if (now > 0) std::memcpy(header_ + header_read_, bytes.data(), now);
    header_read_ += now;
    consumed = now;
    if (header_read_ < kRecordHeaderBytes) return {Outcome::kNeedMore, consumed, {}};
    content_left_ = content_bytes();
    padding_left_ = header_[6];
  }
  if (content_left_ > 0) {
    const std::string_view data = bytes.substr(consumed, content_left_);
    if (data.empty()) return {Outcome::kNeedMore, consumed, {}};
    content_left_ -= data.size();
    return {Outcome::kContent, consumed + data.size(), data};
  }
  const std::size_t padding = std::min(padding_left_, bytes.size() - consumed);
  padding_left_ -= padding;
  consumed += padding;
  if (padding_left_ > 0) return {Outcome::kNeedMore, consumed, {}};
  header_read_ = 0;
  return {Outcome::kEnd, consumed, {}};
}

void write_record_header(char* out, RecordType type, std::uint16_t id, std::size_t content_bytes,
                         std::size_t padding_bytes) {
  const unsigned char header[kRecordHeaderBytes] = {kVersion,
                                                    static_cast<unsigned char>(type),
                                                    static_cast<unsigned char>(id >> 8),
                                                    static_cast<unsigned char>(id),
                                                    static_cast<unsigned char>(content_bytes >> 8),
                                                    static_cast<unsigned char>(content_bytes),
                                                    static_cast<unsigned char>(padding_bytes),
                                                    0};
  std::memcpy(out, header, sizeof header);
}

void append_record(std::string& out, RecordType type, std::uint16_t id, std::string_view content) {
  char header[kRecordHeaderBytes];
  const std::size_t padding = record_padding(content.size());
  write_record_header(header, type, id, content.size(), padding);
  out.append(header, sizeof header).append(content).append(kRecordPadding.substr(0, padding));
}

void append_stream(std::string& out, RecordType type, std::uint16_t id, std::string_view content) {
  for (; !content.empty(); content.remove_prefix(std::min(kRecordContentSent, content.size()))) {
    append_record(out, type, id, content.substr(0, kRecordContentSent));
  }
}

void append_end_request(std::string& out, std::uint16_t id, ProtocolStatus status) {
  const char content[8] = {0, 0, 0, 0, static_cast<char>(status), 0, 0, 0};
  append_record(out, RecordType::kEndRequest, id, {content, sizeof content});
}

}  // namespace tierce::http
