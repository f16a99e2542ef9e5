#include "supervise/python_options.h"

#include <sys/mman.h>
#include <unistd.h>

#include "os/socket_io.h"

namespace tierce::supervise {

PythonOptions& PythonOptions::add(std::string_view key, std::string_view value) {
  text_.append(key).append("=").append(value).push_back('\0');
  return *this;
}

PythonOptions& PythonOptions::add(const config::GunicornSource& source) {
  add("gunicorn_directory", source.directory).add("gunicorn_table", source.table);
  if (!source.shown.empty()) add("gunicorn_shown", source.shown);
  for (const std::string& argument : source.arguments) add("gunicorn_argument", argument);
  return *this;
}

Result<os::UniqueFd> PythonOptions::to_memfd() const {
  os::UniqueFd fd(::memfd_create("tierce-options", 0));
  if (!fd || !os::write_all(fd.get(), text_.data(), text_.size())) return fail(errno_error("memfd_create"));
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

}  // namespace tierce::supervise
