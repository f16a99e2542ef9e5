#include "http/fastcgi_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tierce::http {
namespace {

constexpr std::size_t kBeginRequestBytes = 8;
constexpr int kResponder = 1;
constexpr unsigned kKeepConnection = 1;

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

// A length of a name or value, 1 byte or, with the top bit set, 4 (specification 3.4).
std::optional<std::size_t> take_length(std::string_view bytes, std::size_t& at) {
  if (at == bytes.size()) return std::nullopt;
  if (byte_at(bytes, at) < 0x80) return byte_at(bytes, at++);
  if (bytes.size() - at < 4) return std::nullopt;
  const std::size_t length = std::size_t{byte_at(bytes, at) & 0x7f} << 24 | byte_at(bytes, at + 1) << 16 |
                             byte_at(bytes, at + 2) << 8 | byte_at(bytes, at + 3);
  at += 4;
  return length;
}

struct Pair {
  Span name, value;
};

// The pair at `at`, which moves behind it; nothing when a length reaches past the end.
std::optional<Pair> take_pair(std::string_view bytes, std::size_t& at) {
  const auto name = take_length(bytes, at);
  if (!name) return std::nullopt;
  const auto value = take_length(bytes, at);
  if (!value || *name > bytes.size() - at || *value > bytes.size() - at - *name) return std::nullopt;
  Pair pair{{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(*name)},
            {static_cast<std::uint32_t>(at + *name), static_cast<std::uint32_t>(*value)}};
  at += *name + *value;
  return pair;
}

// Names and values of the answer are short: one byte each.
void append_pair(std::string& out, std::string_view name, std::string_view value) {
  out += static_cast<char>(name.size());
  out += static_cast<char>(value.size());
  out.append(name).append(value);
}

}  // namespace

FastcgiReader::Outcome FastcgiReader::refuse(WireError error) {
  into_->refuse(error);
  state_ = State::kRefused;
  return Outcome::kRefused;
}

void FastcgiReader::next_request() {
  state_ = State::kIdle;
  id_ = 0;
  body_bytes_ = 0;
}

FastcgiReader::Step FastcgiReader::next(std::string_view bytes) {
  if (state_ == State::kRefused) return {Outcome::kRefused, 0, {}};
  if (!first_byte_seen_ && !bytes.empty()) {
    first_byte_seen_ = true;
    if (bytes[0] >= 'A' && bytes[0] <= 'Z') return {refuse(WireError::kHttpOnFastcgi), 0, {}};
  }
  std::size_t consumed = 0;
  for (;;) {
    const RecordDecoder::Step record = records_.next(bytes.substr(consumed));
    consumed += record.consumed;
    Outcome outcome = Outcome::kNeedMore;
    switch (record.outcome) {
      case RecordDecoder::Outcome::kNeedMore:
        return {Outcome::kNeedMore, consumed, {}};
      case RecordDecoder::Outcome::kRefused:
        return {refuse(WireError::kBadRecordVersion), consumed, {}};
      case RecordDecoder::Outcome::kContent:
        outcome = take_content(record.data);
        if (outcome == Outcome::kBody) return {outcome, consumed, record.data};
        break;
      case RecordDecoder::Outcome::kEnd:
        outcome = end_record();
        content_.clear();
        break;
    }
    if (outcome != Outcome::kNeedMore) return {outcome, consumed, {}};
  }
}

// Streams of requests that are not (no longer) active are skipped: what follows a refused BEGIN_REQUEST, or
// was under way when its answer ended (specification 3.3).
FastcgiReader::Outcome FastcgiReader::take_content(std::string_view data) {
  if (records_.id() == 0) {
    content_.append(data);
    return Outcome::kNeedMore;
  }
  switch (static_cast<RecordType>(records_.type())) {
    case RecordType::kBeginRequest:
      if (records_.content_bytes() != kBeginRequestBytes) return refuse(WireError::kBadRecord);
      content_.append(data);
      return Outcome::kNeedMore;
    case RecordType::kParams:
      if (!belongs_to_request()) return Outcome::kNeedMore;
      if (state_ != State::kParams) return refuse(WireError::kUnexpectedRecord);
      if (params_->size() + data.size() > limits_->bytes_max) return refuse(WireError::kVariablesTooLong);
      params_->append(data);
      return Outcome::kNeedMore;
    case RecordType::kStdin:
      if (!belongs_to_request()) return Outcome::kNeedMore;
      if (state_ != State::kBody) return refuse(WireError::kUnexpectedRecord);
      body_bytes_ += data.size();
      if (into_->head().body == BodyKind::kLength && body_bytes_ > into_->head().content_length) {
        return refuse(WireError::kBodyTooLong);
      }
      return Outcome::kBody;
    case RecordType::kAbortRequest:
    case RecordType::kData:
      return Outcome::kNeedMore;
    default:
      return refuse(WireError::kUnexpectedRecord);
  }
}

FastcgiReader::Outcome FastcgiReader::end_record() {
  if (records_.id() == 0) return answer_management();
  const bool empty = records_.content_bytes() == 0;
  switch (static_cast<RecordType>(records_.type())) {
    case RecordType::kBeginRequest:
      return begin_request();
    case RecordType::kAbortRequest:
      return belongs_to_request() ? Outcome::kAborted : Outcome::kNeedMore;
    case RecordType::kParams:
      if (!empty || !belongs_to_request()) return Outcome::kNeedMore;
      return state_ == State::kParams ? end_params() : refuse(WireError::kUnexpectedRecord);
    case RecordType::kStdin:
      if (!empty || !belongs_to_request()) return Outcome::kNeedMore;
      return state_ == State::kBody ? end_body() : refuse(WireError::kUnexpectedRecord);
    case RecordType::kData:
      return Outcome::kNeedMore;
    default:
      return refuse(WireError::kUnexpectedRecord);
  }
}

FastcgiReader::Outcome FastcgiReader::begin_request() {
  if (content_.size() != kBeginRequestBytes) return refuse(WireError::kBadRecord);
  if (belongs_to_request()) return refuse(WireError::kUnexpectedRecord);
  if (active()) {
    append_end_request(reply_, records_.id(), ProtocolStatus::kCantMpxConn);
    return Outcome::kReply;
  }
  if ((byte_at(content_, 0) << 8 | byte_at(content_, 1)) != kResponder) {
    append_end_request(reply_, records_.id(), ProtocolStatus::kUnknownRole);
    return Outcome::kReply;
  }
  id_ = records_.id();
  keep_connection_ = (byte_at(content_, 2) & kKeepConnection) != 0;
  state_ = State::kParams;
  return Outcome::kNeedMore;
}

FastcgiReader::Outcome FastcgiReader::end_params() {
  if (!read_params()) {
    state_ = State::kRefused;
    return Outcome::kRefused;
  }
  state_ = State::kBody;
  return Outcome::kHead;
}

bool FastcgiReader::read_params() {
  const std::string_view bytes = *params_;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto pair = take_pair(bytes, at);
    if (!pair) return into_->refuse(WireError::kLengthPastEnd);
    if (!into_->add(bytes, pair->name, pair->value)) return false;
  }
  return into_->finish(bytes, static_cast<std::uint32_t>(bytes.size()), BodyEnd::kFraming);
}

FastcgiReader::Outcome FastcgiReader::end_body() {
  if (into_->head().body == BodyKind::kLength && body_bytes_ != into_->head().content_length) {
    return refuse(WireError::kBodyTooShort);
  }
  state_ = State::kAnswering;
  return Outcome::kBodyEnd;
}

FastcgiReader::Outcome FastcgiReader::answer_management() {
  const auto type = static_cast<RecordType>(records_.type());
  if (type != RecordType::kGetValues) {
    const char content[8] = {static_cast<char>(records_.type())};
    append_record(reply_, RecordType::kUnknownType, 0, {content, sizeof content});
    return Outcome::kReply;
  }
  std::string values;
  bool said[3] = {};
  for (std::size_t at = 0; at < content_.size();) {
    const auto pair = take_pair(content_, at);
    if (!pair) return refuse(WireError::kBadRecord);
    const std::string_view name = pair->name.in(content_.data());
    // Each once, however often it is asked for.
    if (name == "FCGI_MAX_CONNS" && !std::exchange(said[0], true)) {
      append_pair(values, name, std::to_string(values_.connections_max));
    } else if (name == "FCGI_MAX_REQS" && !std::exchange(said[1], true)) {
      append_pair(values, name, std::to_string(values_.requests_max));
    } else if (name == "FCGI_MPXS_CONNS" && !std::exchange(said[2], true)) {
      append_pair(values, name, "0");
    }
  }
  append_record(reply_, RecordType::kGetValuesResult, 0, values);
  return Outcome::kReply;
}

}  // namespace tierce::http
