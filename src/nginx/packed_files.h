// gzip_static, brotli_static, zstd_static: the file beside the one asked for, where the client takes it; and what every
// file's answer says of it.
#pragma once

#include "nginx/outcome.h"
#include "nginx/request.h"
#include "os/unique_fd.h"

struct stat;

namespace tierce::nginx {

// kNext: there is none, the plain file answers.
int answer_with_packed_file(Request& request);

// Makes the response of an open file: length, time, tag, type.
void describe_file(Request& request, os::UniqueFd file, const struct stat& info);

}  // namespace tierce::nginx
