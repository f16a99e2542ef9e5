#include "nginx/body_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "nginx/error_logs.h"
#include "nginx/site.h"
#include "nginx/system_error.h"
#include "os/socket_io.h"

namespace tierce::nginx {
namespace {

std::string directory_for_bodies(Request& request) {
  const conf::Words& words = request.settings->client_body_temp_path;
  const std::string path = request.site.full_path(words.empty() ? "/tmp" : words.front());
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) ? path : "/tmp";
}

// False: there is no file for it.
bool open_file(Request& request) {
  edge::Exchange& exchange = request.exchange();
  const conf::InFile how = request.settings->client_body_in_file_only.value_or(conf::InFile::kOff);
  if (how == conf::InFile::kOff) {
    exchange.body_file_ = os::temporary_file(directory_for_bodies(request));
    // The directory may be that of a server that was here before, under another user.
    if (!exchange.body_file_) exchange.body_file_ = os::temporary_file("/tmp");
  } else {
    conf::Words digits = request.settings->client_body_temp_path;
    const std::string path = request.site.full_path(digits.empty() ? "/tmp" : digits.front());
    if (!digits.empty()) digits.erase(digits.begin());
    exchange.body_file_ = request.body_file.make(path, digits, how);
  }
  return static_cast<bool>(exchange.body_file_);
}

// False: there is no room for it.
bool store(Request& request, std::string_view data, std::uint64_t in_memory) {
  edge::Exchange& exchange = request.exchange();
  exchange.body_bytes += data.size();
  if (!exchange.body_file_ && exchange.body_bytes <= in_memory) {
    exchange.body_memory.append(data);
    return true;
  }
  if (!exchange.body_file_) {
    if (!open_file(request)) return false;
    // Where nothing else was asked for it is news that more memory would help.
    const bool asked = request.settings->client_body_in_file_only.value_or(conf::InFile::kOff) != conf::InFile::kOff;
    if (const Level level = asked ? Level::kNotice : Level::kWarn; request.site.error_logs().wants(level, request)) {
      request.site.error_logs().line(
          level, request,
          fmt::format("a client request body is buffered to a temporary file in {}", directory_for_bodies(request)));
    }
    if (!os::write_all(exchange.body_file_.get(), exchange.body_memory.data(), exchange.body_memory.size()))
      return false;
    exchange.body_memory.clear();
  }
  return os::write_all(exchange.body_file_.get(), data.data(), data.size());
}

void log_trouble(Request& request) {
  request.site.error_logs().line(Level::kCrit, request, system_error("the request's body cannot be stored").text());
}

// Nobody is answered; the log says why.
int give_up(Request& request, int status) {
  request.response.status = status;
  request.timed_out = status == 408;
  return kClose;
}

}  // namespace

Async<int> read_body(Request& request) {
  if (request.body_read || request.parent != nullptr) co_return kNext;
  const conf::LocationSettings& settings = *request.settings;
  const std::uint64_t most =
      settings.client_max_body_size ? static_cast<std::uint64_t>(settings.client_max_body_size->bytes) : 1u << 20;
  const bool in_file_only = settings.client_body_in_file_only.value_or(conf::InFile::kOff) != conf::InFile::kOff;
  const bool has_body = request.exchange().head().body != http::BodyKind::kNone;
  const std::uint64_t in_memory = in_file_only ? 0
                                  : settings.client_body_buffer_size
                                      ? static_cast<std::uint64_t>(settings.client_body_buffer_size->bytes)
                                      : 16384;
  for (;;) {
    std::string_view data;
    switch (request.client().take_body(&data)) {
      case Client::Input::kEnd:
        if (in_file_only && has_body && request.exchange().body_file() < 0 && !open_file(request)) {
          log_trouble(request);
          co_return 500;
        }
        request.body_read = true;
        co_return kNext;
      case Client::Input::kBad:
        request.site.error_logs().line(Level::kInfo, request, "client sent invalid chunked body");
        co_return 400;
      case Client::Input::kGone:
        co_return give_up(request, 400);
      case Client::Input::kData:
        if (most != 0 && request.exchange().body_bytes + data.size() > most) {
          request.site.error_logs().line(Level::kError, request,
                                         fmt::format("client intended to send too large chunked body: {}+{} bytes",
                                                     request.exchange().body_bytes, data.size()));
          co_return 413;
        }
        if (!store(request, data, in_memory)) {
          log_trouble(request);
          co_return 500;
        }
        continue;
      case Client::Input::kWait:
        break;
    }
    request.client().say_continue(request);
    request.client().arm(settings.client_body_timeout.value_or(std::chrono::seconds(60)));
    co_await request.signal().until(kReadable | kLate | kGone);
    if (request.signal().has(kGone)) co_return give_up(request, 400);
    if (request.signal().has(kLate) && !request.signal().has(kReadable)) {
      request.site.error_logs().line(Level::kInfo, request, "client timed out while reading the request's body");
      co_return give_up(request, 408);
    }
    request.client().arm(std::chrono::milliseconds(0));
  }
}

}  // namespace tierce::nginx
