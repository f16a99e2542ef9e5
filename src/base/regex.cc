#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <utility>

namespace tierce {
namespace {

PCRE2_SPTR bytes_of(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

// An expression of a file meets subjects of a client: what takes longer than some ten milliseconds is given up.
constexpr std::uint32_t kStepsMax = 5'000'000;
constexpr std::size_t kStackFirst = 1U << 15, kStackMax = 1U << 23;

thread_local bool one_gave_up = false;

struct FreeStack {
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};
// Of the thread: it grows with the longest subject. Without memory for it PCRE2 has 32 KiB of its own.
pcre2_jit_stack* stack_of_thread(void*) {
  thread_local const std::unique_ptr<pcre2_jit_stack, FreeStack> stack(
      pcre2_jit_stack_create(kStackFirst, kStackMax, nullptr));
  return stack.get();
}

}  // namespace

struct Regex::Compiled {
  std::unique_ptr<pcre2_code, Free> code;
  std::unique_ptr<pcre2_match_data, Free> data;
  std::unique_ptr<pcre2_match_context, Free> context;
  std::size_t groups = 0;  // Of the last match.
};

Regex::Regex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(std::string_view pattern) {
  auto made = compile(pattern, Case::kMatters);
  if (made) return std::move(*made);
  const Complaint& why = made.error();
  return fail(Error(fmt::format("'{}', character {}: {}", pattern, why.at + 1, why.reason)));
}

Result<Regex, Regex::Complaint> Regex::compile(std::string_view pattern, Case letters) {
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::uint32_t options = letters == Case::kIgnored ? PCRE2_CASELESS : 0;
  auto made = std::make_unique<Compiled>();
  made->code.reset(pcre2_compile(bytes_of(pattern), pattern.size(), options, &error, &at, nullptr));
  if (!made->code) {
    PCRE2_UCHAR text[128];
    pcre2_get_error_message(error, text, sizeof text);
    return fail(Complaint{reinterpret_cast<const char*>(text), at});
  }
  pcre2_jit_compile(made->code.get(), PCRE2_JIT_COMPLETE);  // Without it, it runs slower.
  made->data.reset(pcre2_match_data_create_from_pattern(made->code.get(), nullptr));
  made->context.reset(pcre2_match_context_create(nullptr));
  if (!made->data || !made->context) return fail(Complaint{"no memory for a regular expression", 0});
  pcre2_set_match_limit(made->context.get(), kStepsMax);
  pcre2_jit_stack_assign(made->context.get(), stack_of_thread, nullptr);
  return Regex(std::move(made));
}

bool Regex::matches(std::string_view subject) const {
  // A null pointer is no subject to PCRE2, not even an empty one.
  const std::string_view text = subject.data() == nullptr ? std::string_view("") : subject;
  const int count = pcre2_match(compiled_->code.get(), bytes_of(text), text.size(), 0, 0, compiled_->data.get(),
                                compiled_->context.get());
  compiled_->groups = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (count < 0 && count != PCRE2_ERROR_NOMATCH) one_gave_up = true;
  return count > 0;
}

bool Regex::gave_up() { return std::exchange(one_gave_up, false); }

std::string_view Regex::group(std::string_view subject, std::size_t index) const {
  if (index >= compiled_->groups) return {};
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(compiled_->data.get());
  const std::size_t begin = ends[2 * index], end = ends[2 * index + 1];
  // \K can set a beginning behind the end.
  return begin == PCRE2_UNSET || begin > end || end > subject.size() ? std::string_view()
                                                                     : subject.substr(begin, end - begin);
}

std::size_t Regex::groups() const { return compiled_->groups; }

std::size_t Regex::captures() const {
  std::uint32_t count = 0;
  pcre2_pattern_info(compiled_->code.get(), PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

std::vector<std::pair<std::string, std::size_t>> Regex::names() const {
  std::uint32_t count = 0, width = 0;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(compiled_->code.get(), PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(compiled_->code.get(), PCRE2_INFO_NAMEENTRYSIZE, &width);
  pcre2_pattern_info(compiled_->code.get(), PCRE2_INFO_NAMETABLE, &table);
  std::vector<std::pair<std::string, std::size_t>> names;
  for (const PCRE2_UCHAR* entry = table; count > 0; --count, entry += width) {
    const std::size_t group = static_cast<std::size_t>(entry[0]) << 8 | entry[1];
    names.emplace_back(reinterpret_cast<const char*>(entry + 2), group);
  }
  return names;
}

}  // namespace tierce
