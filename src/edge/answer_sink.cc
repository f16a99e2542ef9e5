#include "edge/answer_sink.h"

#include <algorithm>

namespace tierce::edge {

std::size_t AnswerSink::room() const { return kInsideHeldMost - std::min(kInsideHeldMost, into_.size()); }

os::IoResult AnswerSink::send_parts(std::span<const iovec> parts) {
  std::size_t left = room(), sent = 0;
  if (left == 0) return {os::Io::kWouldBlock};
  for (const iovec& part : parts) {
    const std::size_t now = std::min(left, part.iov_len);
    into_.append({static_cast<const char*>(part.iov_base), now});
    sent += now;
    left -= now;
    if (now < part.iov_len) break;
  }
  return {os::Io::kDone, sent};
}

os::IoResult AnswerSink::send_file(int file, std::uint64_t* offset, std::size_t bytes) {
  const std::size_t left = room();
  if (left == 0) return {os::Io::kWouldBlock};
  const std::size_t most = std::min({bytes, left, kInsideFilePart});
  const std::size_t got = os::read_at(file, into_.room(most), most, *offset);
  into_.filled(got);
  *offset += got;
  return {os::Io::kDone, got};
}

}  // namespace tierce::edge
