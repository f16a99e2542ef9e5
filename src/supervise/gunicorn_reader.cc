#include "supervise/gunicorn_reader.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "supervise/pool.h"
#include "supervise/python_options.h"
#include "supervise/zygote_process.h"

namespace tierce::supervise {
namespace {

constexpr const char* kServe =
    "import sys; sys.path.insert(0, sys.argv[1]); import tierce_wsgi.gunicorn_conf as g; g.main(int(sys.argv[2]))";
constexpr const char* kCheck =
    "import sys; sys.path.insert(0, sys.argv[1]); import tierce_wsgi.gunicorn_check as g; g.main(int(sys.argv[2]))";

std::string read_all(int fd) {
  std::string text;
  char buffer[16384];
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, buffer, sizeof buffer, at);
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    at += got;
  }
}

}  // namespace

Result<GunicornReader> GunicornReader::begin(const config::GunicornSource& source, const std::string& wanted_python,
                                             Purpose purpose) {
  auto python = find_python(wanted_python);
  if (!python) return fail(std::move(python).error());
  auto library = find_library();
  if (!library) return fail(std::move(library).error());
  // Inherited by the interpreter: not closed on exec.
  os::UniqueFd outcome(::memfd_create("tierce-outcome", 0));
  if (!outcome) return fail(errno_error("memfd_create"));
  PythonOptions options;
  options.add(source).add("outcome", static_cast<std::uint64_t>(outcome.get()));
  auto told = options.to_memfd();
  if (!told) return fail(std::move(told).error());
  const std::string number = std::to_string(told->get());
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid == 0) {
    load_python({.path = *python}, *library, purpose == Purpose::kServe ? kServe : kCheck, number);
  }
  return GunicornReader(std::move(*python), std::move(outcome), pid);
}

Result<GunicornReading> GunicornReader::end() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return fail(errno_error("waitpid"));
  }
  GunicornReading reading;
  if (!WIFEXITED(status)) return fail(Error(fmt::format("{} {}", python_, describe_wait_status(status))));
  reading.exit_code = WEXITSTATUS(status);
  reading.outcome = read_all(outcome_.get());
  return reading;
}

Result<GunicornReading> read_gunicorn(const config::GunicornSource& source, const std::string& python) {
  auto reader = GunicornReader::begin(source, python, GunicornReader::Purpose::kServe);
  if (!reader) return fail(std::move(reader).error());
  return reader->end();
}

}  // namespace tierce::supervise
