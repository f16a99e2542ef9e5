#include "os/build_id.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string_view>

#include "os/unique_fd.h"

namespace tierce::os {
namespace {

constexpr std::size_t kNotesBytesMax = 65536;
constexpr std::string_view kSelf = "/proc/self/exe";

bool read_exactly(int fd, void* into, std::size_t bytes, std::uint64_t at) {
  return ::pread(fd, into, bytes, static_cast<off_t>(at)) == static_cast<ssize_t>(bytes);
}

std::size_t padded(std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; }

std::string find_build_id(std::string_view notes) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t name = padded(note.n_namesz), value = padded(note.n_descsz);
    if (name > notes.size() || value > notes.size() - name) return {};
    if (note.n_type == NT_GNU_BUILD_ID && notes.starts_with(std::string_view("GNU\0", 4)))
      return std::string(notes.substr(name, note.n_descsz));
    notes.remove_prefix(name + value);
  }
  return {};
}

}  // namespace

std::string build_id_of(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  Elf64_Ehdr head;
  if (!fd || !read_exactly(fd.get(), &head, sizeof head, 0)) return {};
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64) return {};
  if (head.e_phentsize != sizeof(Elf64_Phdr)) return {};
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr part;
    if (!read_exactly(fd.get(), &part, sizeof part, head.e_phoff + i * sizeof part)) return {};
    if (part.p_type != PT_NOTE || part.p_filesz > kNotesBytesMax) continue;
    std::string notes(part.p_filesz, '\0');
    if (!read_exactly(fd.get(), notes.data(), notes.size(), part.p_offset)) return {};
    if (std::string found = find_build_id(notes); !found.empty()) return found;
  }
  return {};
}

bool is_this_program(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::equivalent(path, kSelf, ignored)) return true;
  const std::string wanted = build_id_of(std::string(kSelf));
  return !wanted.empty() && build_id_of(path) == wanted;
}

}  // namespace tierce::os
