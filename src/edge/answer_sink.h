// Where the answer of a call goes (local_call.h): into a buffer of the caller, up to as much as a socket would hold.
#pragma once

#include "edge/buffer.h"
#include "edge/inside_stream.h"
#include "edge/task.h"

namespace tierce::edge {

class AnswerSink final : public InsideStream, public FromFreeList {
 public:
  // `into` outlives it.
  explicit AnswerSink(Buffer& into) : into_(into) {}
  os::IoResult receive(char*, std::size_t) override { return {os::Io::kWouldBlock}; }
  os::IoResult send_parts(std::span<const iovec> parts) override;
  os::IoResult send_file(int file, std::uint64_t* offset, std::size_t bytes) override;
  // How it ends is the caller's to ask (LocalCall).
  void shutdown_writing() override {}
  void reset_at_close() override {}

 private:
  std::size_t room() const;
  Buffer& into_;
};

}  // namespace tierce::edge
