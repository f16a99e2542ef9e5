#include "supervisord/output_channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkostemps
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace tierce::supervisord {
namespace {

// What a pipe holds, and what one that is found full holds from then on: a program that floods then waits less, and it
// takes fewer turns of ours. Not of all pipes: users may have so many pages in theirs, and no more.
constexpr std::size_t kPipeBytes = 64u << 10;
constexpr std::size_t kLargePipeBytes = 256u << 10;
constexpr std::size_t kReadBytes = 128u << 10;
// A program that floods is read this often before others have their turn.
constexpr int kReadsAtOnce = 8;
// What is still taken from the pipe of a program that has ended; its children may hold it open and write for ever.
constexpr int kReadsAtEnd = 64;

std::string auto_log(const conf::Settings& settings, const std::string& name, const std::string& stream) {
  std::string path = fmt::format("{}/{}-{}---{}-XXXXXX.log", settings.childlogdir, name, stream, settings.identifier);
  const os::UniqueFd fd(::mkostemps(path.data(), 4, O_CLOEXEC));
  return fd ? path : std::string();
}

}  // namespace

OutputChannel::OutputChannel(World& world, const conf::OutputSettings& rules, const std::string& name,
                             const std::string& stream, LineFormat format, Hooks hooks)
    : world_(world), rules_(rules), name_(name), format_(std::move(format)), hooks_(std::move(hooks)) {
  using Kind = conf::OutputSettings::Kind;
  if (rules_.kind == Kind::kFile) path_ = rules_.path;
  if (rules_.kind == Kind::kAuto) path_ = auto_log(*world_.settings, name_, stream);
  if (rules_.compress) log_.on_rotated = [this] { world_.compressor->look_at(path_, rules_.backups); };
}

void OutputChannel::open(os::UniqueFd fd, pid_t pid) {
  if (!path_.empty()) {
    auto opened = log_.open(path_, {rules_.maxbytes, rules_.backups, rules_.daily});
    if (!opened) world_.log->error(fmt::format("{}: {}", name_, opened.error().text()));
    if (rules_.compress) world_.compressor->look_at(path_, rules_.backups);
  }
  filter_ = std::make_unique<OutputFilter>(world_.settings->strip_ansi, rules_.capture_maxbytes);
  format_.set_pid(pid);
  paused_ = large_ = false;
  fd_ = std::move(fd);
  ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
  world_.loop->watch(fd_.get(), {}, [this] { read(); });
}

void OutputChannel::close() {
  if (fd_) world_.loop->forget(fd_.get());
  fd_ = os::UniqueFd();
}

void OutputChannel::read() {
  static std::array<char, kReadBytes> bytes;  // One thread; too large for a stack that may be small.
  for (int i = 0; i < kReadsAtOnce && fd_; ++i) {
    const ssize_t got = ::read(fd_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    // It has closed it; whether it goes on without is its own affair.
    if (got <= 0) return close();
    if (static_cast<std::size_t>(got) >= kPipeBytes && !std::exchange(large_, true))
      ::fcntl(fd_.get(), F_SETPIPE_SZ, kLargePipeBytes);
    take({bytes.data(), static_cast<std::size_t>(got)});
    if (log_.congested() && fd_) {
      paused_ = true;
      return world_.loop->change(fd_.get(), {.readable = false, .writable = false});
    }
    if (static_cast<std::size_t>(got) < bytes.size()) return;
  }
}

void OutputChannel::take(std::string_view bytes) {
  if (!hooks_.protocol)
    return filter_->feed(
        bytes, [this](std::string_view part) { write(part); }, hooks_.captured);
  log_.write(bytes);
  hooks_.protocol(bytes);
}

void OutputChannel::write(std::string_view bytes) {
  log_.write(format_.is_plain() ? bytes : format_.feed(bytes));
  hooks_.logged(bytes);
}

void OutputChannel::drain() {
  for (int i = 0; i < kReadsAtEnd / kReadsAtOnce && fd_; ++i) read();
  if (!filter_) return;
  filter_->end([this](std::string_view part) { write(part); });
  log_.write(format_.end());
}

void OutputChannel::tick() {
  if (log_.has_pending()) log_.flush();
  if (!paused_ || log_.congested()) return;
  paused_ = false;
  if (fd_) world_.loop->change(fd_.get(), {.readable = true, .writable = false});
}

}  // namespace tierce::supervisord
