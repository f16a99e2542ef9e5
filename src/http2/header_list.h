// The head of one HTTP/2 request: the four pseudo-header fields and the others, in one piece of memory. nghttp2 has
// validated names and values (RFC 9113 8.2, 8.3) before they come here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tierce::http2 {

class HeaderList {
 public:
  struct Field {
    std::string_view name;  // In lower case.
    std::string_view value;
  };
  // What is wrong with it, for which a request is answered with a page rather than with a reset stream.
  enum class Problem : std::uint8_t { kNone, kTooLarge, kBadRequest };

  // Views are good until the stream has ended. authority() is "" when there is a Host field only.
  std::string_view method() const { return in(method_); }
  std::string_view scheme() const { return in(scheme_); }
  std::string_view authority() const { return in(authority_); }
  std::string_view path() const { return in(path_); }
  std::size_t count() const { return fields_.size(); }
  Field operator[](std::size_t index) const { return {in(fields_[index].name), in(fields_[index].value)}; }
  // The first field of that name; "" when there is none.
  std::string_view find(std::string_view name) const;
  Problem problem() const { return problem_; }
  void set_problem(Problem problem) { problem_ = problem; }

  // The same as an HTTP/1 parser reads it: "GET /path HTTP/1.1", Host, the fields, an empty line.
  std::string as_text() const;

  void clear();
  // False: with this field the head is larger than `bytes_max`, counted as RFC 9113 6.5.2 does; it is not kept.
  bool add(std::string_view name, std::string_view value, std::size_t bytes_max);
  // The last field has come: the pieces of a cookie become one (RFC 9113 8.2.3). False: :authority and Host differ.
  bool finish();

 private:
  struct Part {
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
  };
  struct Entry {
    Part name, value;
  };
  std::string_view in(Part part) const { return std::string_view(bytes_).substr(part.offset, part.bytes); }
  Part keep(std::string_view text);
  void join_cookies();

  std::string bytes_;
  std::vector<Entry> fields_;
  Part method_, scheme_, authority_, path_;
  std::size_t counted_ = 0;
  std::size_t cookies_ = 0;
  Problem problem_ = Problem::kNone;
};

}  // namespace tierce::http2
