#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "gateway/mailbox.h"

namespace tierce::gateway {

void initialise_mailbox(MailboxHeader* header, const MailboxShape& shape);

namespace {

// First page of the region: what map() needs to find the rest, and the WorkerPage behind it.
struct RegionHeader {
  std::uint64_t magic;
  std::uint32_t mailboxes;
  MailboxShape shape;
  WorkerPage page;
};
constexpr std::uint64_t kMagic = 0x7469657263653031;  // "tierce01"
constexpr std::size_t kPage = 4096;
static_assert(sizeof(RegionHeader) <= kPage);

std::size_t mailbox_stride(const MailboxShape& shape) {
  return (Mailbox::bytes_for(shape) + kPage - 1) / kPage * kPage;
}

Result<char*> map_all(int fd, std::size_t bytes) {
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (base == MAP_FAILED) return fail(errno_error("mapping the gateway's memory"));
  return static_cast<char*>(base);
}

}  // namespace

Result<Region> Region::create(std::uint32_t edge_threads, const MailboxShape& shape) {
  Region region;
  region.fd_ = os::UniqueFd(::memfd_create("tierce-gateway", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!region.fd_) return fail(errno_error("memfd_create"));
  region.mailboxes_ = edge_threads;
  region.shape_ = shape;
  region.bytes_ = kPage + edge_threads * mailbox_stride(shape);
  if (::ftruncate(region.fd(), static_cast<off_t>(region.bytes_)) != 0) {
    return fail(errno_error("sizing the gateway's memory"));
  }
  // Sealed: a worker that shrank the file could kill the edge with SIGBUS.
  if (::fcntl(region.fd(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail(errno_error("sealing the gateway's memory"));
  }
  auto base = map_all(region.fd(), region.bytes_);
  if (!base) return fail(std::move(base).error());
  region.base_ = *base;
  new (region.base_) RegionHeader{.magic = kMagic, .mailboxes = edge_threads, .shape = shape, .page = {}};
  for (std::uint32_t i = 0; i < edge_threads; ++i) {
    initialise_mailbox(reinterpret_cast<MailboxHeader*>(region.base_ + kPage + i * mailbox_stride(shape)), shape);
  }
  return region;
}

Result<Region> Region::map(os::UniqueFd fd) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail(errno_error("fstat of the gateway's memory"));
  if (info.st_size < static_cast<off_t>(kPage)) return fail("the gateway's memory is too small");
  Region region;
  region.fd_ = std::move(fd);
  region.bytes_ = static_cast<std::size_t>(info.st_size);
  auto base = map_all(region.fd(), region.bytes_);
  if (!base) return fail(std::move(base).error());
  region.base_ = *base;
  const auto* header = reinterpret_cast<const RegionHeader*>(region.base_);
  region.mailboxes_ = header->mailboxes;
  region.shape_ = header->shape;
  if (header->magic != kMagic || region.bytes_ != kPage + region.mailboxes_ * mailbox_stride(region.shape_)) {
    return fail("the gateway's memory is of another version of tierce");
  }
  return region;
}

Result<Region> Region::map(os::UniqueFd fd, std::uint32_t edge_threads, const MailboxShape& shape) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail(errno_error("fstat of the gateway's memory"));
  Region region;
  region.fd_ = std::move(fd);
  region.mailboxes_ = edge_threads;
  region.shape_ = shape;
  region.bytes_ = kPage + edge_threads * mailbox_stride(shape);
  if (info.st_size != static_cast<off_t>(region.bytes_)) return fail("the gateway's memory is not of the size agreed");
  auto base = map_all(region.fd(), region.bytes_);
  if (!base) return fail(std::move(base).error());
  region.base_ = *base;
  return region;
}

Region::Region(Region&& other) noexcept
    : fd_(std::move(other.fd_)),
      base_(std::exchange(other.base_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      mailboxes_(std::exchange(other.mailboxes_, 0)),
      shape_(other.shape_) {}

Region& Region::operator=(Region&& other) noexcept {
  Region incoming(std::move(other));
  std::swap(fd_, incoming.fd_);
  std::swap(base_, incoming.base_);
  std::swap(bytes_, incoming.bytes_);
  std::swap(mailboxes_, incoming.mailboxes_);
  std::swap(shape_, incoming.shape_);
  return *this;
}

Region::~Region() {
  if (base_ != nullptr) ::munmap(base_, bytes_);
}

Mailbox Region::mailbox(std::uint32_t edge_thread) const {
  return Mailbox(reinterpret_cast<MailboxHeader*>(base_ + kPage + edge_thread * mailbox_stride(shape_)), shape_);
}

WorkerPage& Region::page() const { return reinterpret_cast<RegionHeader*>(base_)->page; }

}  // namespace tierce::gateway
