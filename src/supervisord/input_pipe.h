// The standard input of a program: what the pipe does not take is kept and written when it does.
#pragma once

#include <string>
#include <string_view>

#include "os/callback_loop.h"
#include "os/unique_fd.h"

namespace tierce::supervisord {

class InputPipe {
 public:
  explicit InputPipe(os::CallbackLoop& loop) : loop_(loop) {}
  ~InputPipe() { close(); }
  InputPipe(const InputPipe&) = delete;
  InputPipe& operator=(const InputPipe&) = delete;

  void open(os::UniqueFd fd);
  void close();
  // False when nobody reads it, or far too much waits already.
  bool write(std::string_view bytes);

 private:
  void flush();

  os::CallbackLoop& loop_;
  os::UniqueFd fd_;
  std::string pending_;
};

}  // namespace tierce::supervisord
