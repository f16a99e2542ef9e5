#include "supervisord/listener_protocol.h"

#include <charconv>

namespace tierce::supervisord {
namespace {

constexpr std::string_view kReady = "READY\n";
constexpr std::string_view kResult = "RESULT ";
constexpr std::size_t kLineMax = 64;
constexpr std::size_t kResultMax = 1u << 20;

}  // namespace

std::string_view name_of(ListenerState state) {
  switch (state) {
    case ListenerState::kAcknowledged:
      return "ACKNOWLEDGED";
    case ListenerState::kReady:
      return "READY";
    case ListenerState::kBusy:
      return "BUSY";
    case ListenerState::kUnknown:
      break;
  }
  return "UNKNOWN";
}

void ListenerProtocol::feed(std::string_view bytes, const OnResult& on_result) {
  if (state_ == ListenerState::kUnknown) return;
  buffer_ += bytes;
  while (!buffer_.empty() && step(on_result)) {
  }
}

bool ListenerProtocol::offend(std::string_view bytes) {
  offence_ = bytes.substr(0, kLineMax);
  state_ = ListenerState::kUnknown;
  buffer_.clear();
  return false;
}

bool ListenerProtocol::step(const OnResult& on_result) {
  switch (state_) {
    case ListenerState::kAcknowledged: {
      if (buffer_.size() < kReady.size()) return kReady.starts_with(buffer_) ? false : offend(buffer_);
      if (!buffer_.starts_with(kReady)) return offend(buffer_);
      buffer_.erase(0, kReady.size());
      state_ = ListenerState::kReady;
      return true;
    }
    case ListenerState::kBusy:
      break;
    default:
      return offend(buffer_);  // It has nothing to say before it is sent an event.
  }
  if (!in_result_) {
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
      const std::string_view begun = std::string_view(buffer_).substr(0, kResult.size());
      return buffer_.size() > kLineMax || !kResult.starts_with(begun) ? offend(buffer_) : false;
    }
    const std::string_view line = std::string_view(buffer_).substr(0, end);
    if (!line.starts_with(kResult)) return offend(buffer_);
    const std::string_view digits = line.substr(kResult.size());
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result_bytes_);
    if (error != std::errc() || stop != digits.data() + digits.size() || result_bytes_ > kResultMax)
      return offend(buffer_);
    buffer_.erase(0, end + 1);
    in_result_ = true;
  }
  if (buffer_.size() < result_bytes_) return false;
  const std::string payload = buffer_.substr(0, result_bytes_);
  buffer_.erase(0, result_bytes_);
  in_result_ = false;
  state_ = ListenerState::kAcknowledged;
  on_result(payload);
  return true;
}

}  // namespace tierce::supervisord
