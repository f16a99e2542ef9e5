// FastCGI's records (https://fastcgi-archives.github.io/FastCGI_Specification.html, 3.3): every message is
//
//   version (1)  type  request id (16 bits)  content length (16 bits)  padding length  reserved | content | padding
//
// all numbers big-endian. The decoder knows no meaning of a type; fastcgi_reader.h does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tierce::http {

enum class RecordType : std::uint8_t {
  kBeginRequest = 1,
  kAbortRequest = 2,
  kEndRequest = 3,
  kParams = 4,
  kStdin = 5,
  kStdout = 6,
  kStderr = 7,
  kData = 8,
  kGetValues = 9,
  kGetValuesResult = 10,
  kUnknownType = 11,
};

inline constexpr std::size_t kRecordHeaderBytes = 8;
inline constexpr std::size_t kRecordContentMax = 65535;
// What we send in one record at most: a multiple of 8, so that only the last one of a body needs padding.
inline constexpr std::size_t kRecordContentSent = 65528;

class RecordDecoder {
 public:
  enum class Outcome : std::uint8_t {
    kNeedMore,  // All consumed.
    kContent,   // `data` is a part of the content of the record that type() and id() describe.
    kEnd,       // That record is over.
    kRefused,   // Not version 1.
  };
  struct Step {
    Outcome outcome;
    std::size_t consumed;   // Bytes of the input used up by this step.
    std::string_view data;  // A part of the input.
  };

  // One step, as ChunkedDecoder::next(): call again with what is left. May be fed any slicing.
  Step next(std::string_view bytes);
  std::uint8_t type() const { return header_[1]; }
  std::uint16_t id() const { return static_cast<std::uint16_t>(header_[2] << 8 | header_[3]); }
  std::uint16_t content_bytes() const { return static_cast<std::uint16_t>(header_[4] << 8 | header_[5]); }
  // Between two records: nothing of the next has come.
  bool at_boundary() const { return header_read_ == 0; }

 private:
  unsigned char header_[kRecordHeaderBytes] = {};
  std::size_t header_read_ = 0;  // kRecordHeaderBytes: inside the record.
  std::size_t content_left_ = 0;
  std::size_t padding_left_ = 0;
};

// The padding that makes `content_bytes` a multiple of 8, as the specification recommends.
constexpr std::size_t record_padding(std::size_t content_bytes) { return (8 - content_bytes % 8) % 8; }
// Up to 7 bytes of padding to take a part of.
inline constexpr std::string_view kRecordPadding{"\0\0\0\0\0\0\0\0", 8};

// kRecordHeaderBytes of them.
void write_record_header(char* out, RecordType type, std::uint16_t id, std::size_t content_bytes,
                         std::size_t padding_bytes);
// A whole record; `content` has at most kRecordContentMax bytes.
void append_record(std::string& out, RecordType type, std::uint16_t id, std::string_view content);
// `content` in as many records of one stream as it takes; none for an empty one, which would end the stream.
void append_stream(std::string& out, RecordType type, std::uint16_t id, std::string_view content);

enum class ProtocolStatus : std::uint8_t { kRequestComplete = 0, kCantMpxConn = 1, kOverloaded = 2, kUnknownRole = 3 };
void append_end_request(std::string& out, std::uint16_t id, ProtocolStatus status);

}  // namespace tierce::http
