// Content types by the ending of a file's name: a table of our own, and what a configuration adds to it.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tierce::http {

// Of "path/NAME.ext", whatever the case of the letters; "" for an ending that nobody knows.
std::string_view mime_type_of(std::string_view path);

// The endings of one configuration, which go before those of the table.
class MimeTypes {
 public:
  // Text in the form of /etc/mime.types: "type ext ext ...", '#' begins a comment.
  void add_file(std::string_view text);
  std::string_view of(std::string_view path) const;

 private:
  std::map<std::string, std::string, std::less<>> types_;
};

}  // namespace tierce::http
