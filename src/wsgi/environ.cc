#include "wsgi/environ.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "http/field_rules.h"
#include "http/percent.h"
#include "wsgi/file_wrapper.h"
#include "wsgi/header_keys.h"
#include "wsgi/worker_settings.h"

namespace tierce::wsgi {
namespace {

// Strings made once, their hashes cached in them.
struct Names {
  PyObject *request_method, *path_info, *query_string, *raw_uri, *request_uri, *server_protocol, *remote_addr,
      *remote_port, *content_type, *content_length, *input, *request_id, *server_name, *server_port, *http_host,
      *uwsgi_core, *empty, *http10, *http11, *script_name;
  std::array<PyObject*, 10> methods;
};
Names names;

// One template for each listener and scheme: copying a dict is one allocation and no hashing.
std::vector<std::array<PyObject*, 2>> templates;

PyObject* intern(const char* text) { return PyUnicode_InternFromString(text); }

PyObject* latin1(std::string_view text) {
  return PyUnicode_DecodeLatin1(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
}

// Takes over `value`.
bool set(PyObject* dict, PyObject* key, PyObject* value) {
  if (value == nullptr) return false;
  const int status = PyDict_SetItem(dict, key, value);
  Py_DECREF(value);
  return status == 0;
}
bool set_text(PyObject* dict, PyObject* key, std::string_view text) { return set(dict, key, latin1(text)); }

// What uWSGI gives beside WSGI's own, from the module.
bool add_uwsgi_keys(PyObject* dict) {
  const PyRef module = PyRef::steal(PyImport_ImportModule("uwsgi"));
  if (!module) return false;
  return set(dict, intern("uwsgi.version"), PyObject_GetAttrString(module.get(), "version")) &&
         set(dict, intern("uwsgi.node"), PyObject_GetAttrString(module.get(), "hostname"));
}

PyObject* make_template(const ListenerName& listener, bool https) {
  PyRef dict = PyRef::steal(PyDict_New());
  PyObject* sys_stderr = PySys_GetObject("stderr");
  if (!dict || sys_stderr == nullptr) return nullptr;
  const auto put = [&](const char* key, PyObject* value) { return set(dict.get(), intern(key), value); };
  const auto put_text = [&](const char* key, std::string_view text) { return put(key, latin1(text)); };
  const auto put_bool = [&](const char* key, bool value) { return put(key, PyBool_FromLong(value ? 1 : 0)); };
  PyObject* wrapper = file_wrapper_type();
  Py_INCREF(sys_stderr);
  if (settings().file_wrapper) Py_INCREF(wrapper);
  // As the peers say it: Gunicorn calls greenlets threads, uWSGI does not.
  const bool greenlets = settings().greenlets != 0 && !settings().uwsgi;
  const bool ok =
      put("wsgi.version", Py_BuildValue("(ii)", 1, 0)) && put_text("wsgi.url_scheme", https ? "https" : "http") &&
      put("wsgi.errors", sys_stderr) && put_bool("wsgi.multithread", settings().threads > 1 || greenlets) &&
      put_bool("wsgi.multiprocess", settings().multiprocess) && put_bool("wsgi.run_once", false) &&
      put_bool("wsgi.input_terminated", true) && (!settings().file_wrapper || put("wsgi.file_wrapper", wrapper)) &&
      put_text("SCRIPT_NAME", "") && put_text("SERVER_NAME", listener.name) && put_text("SERVER_PORT", listener.port) &&
      put_text("SERVER_SOFTWARE", settings().server_software);
  if (!ok || (settings().uwsgi && !add_uwsgi_keys(dict.get()))) return nullptr;
  if (settings().uwsgi && https && !put_text("HTTPS", "on")) return nullptr;
  return dict.release();
}

// Repeated fields become one value, as HTTP allows for every field that may be repeated.
bool add_field(PyObject* dict, const HeaderKey& key, std::string_view value) {
  const PyRef text = PyRef::steal(latin1(value));
  if (!text) return false;
  PyObject* held = PyDict_SetDefault(dict, key.environ_key, text.get());
  if (held == text.get()) return true;
  if (held == nullptr) return false;
  const PyRef joined = PyRef::steal(PyUnicode_FromFormat(key.is_cookie ? "%U; %U" : "%U,%U", held, text.get()));
  return joined && PyDict_SetItem(dict, key.environ_key, joined.get()) == 0;
}

// Behind a unix socket the host the client asked for is the only name there is.
bool add_server_from_host(PyObject* dict, std::string_view authority, bool https) {
  std::string_view host = authority, port = https ? "443" : "80";
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  return set_text(dict, names.server_name, host.empty() ? "localhost" : host) &&
         set_text(dict, names.server_port, port);
}

bool add_request_id(PyObject* dict, std::uint64_t id) {
  char digits[24];
  const auto end = fmt::format_to(digits, "{:016x}", id);
  return set_text(dict, names.request_id, {digits, static_cast<std::size_t>(end - digits)});
}

bool add_body_bytes(PyObject* dict, std::uint64_t bytes) {
  char digits[24];
  const auto end = fmt::format_to(digits, "{}", bytes);
  return set_text(dict, names.content_length, {digits, static_cast<std::size_t>(end - digits)});
}

bool add_path(PyObject* dict, std::string_view raw) {
  if (raw.empty()) return set_text(dict, names.path_info, "/");
  if (std::memchr(raw.data(), '%', raw.size()) == nullptr) return set_text(dict, names.path_info, raw);
  // Decoded bytes as latin-1 characters: how PEP 3333 carries bytes in a str.
  thread_local std::string decoded;
  decoded.resize(raw.size());
  const std::size_t bytes = http::decode_path(raw, decoded.data());
  return set_text(dict, names.path_info, {decoded.data(), bytes});
}

// The request of a front server: every variable as it was sent, the last one where a name comes twice, and of the
// keys that PEP 3333 asks for those that were not.
bool add_variables(PyObject* dict, const Call& call) {
  const gateway::RequestMeta& request = call.request();
  const http::RequestHead& head = request.head;
  bool ok = PyDict_SetItem(dict, names.query_string, names.empty) == 0 &&
            PyDict_SetItem(dict, names.server_protocol, head.minor_version == 0 ? names.http10 : names.http11) == 0;
  const auto* variables = reinterpret_cast<const http::HeaderField*>(call.request_area());
  for (std::uint32_t i = 0; ok && i < head.field_count; ++i) {
    const HeaderKey* key = find_variable_key(call.head_part(variables[i].name));
    if (key == nullptr) return false;
    if (!key->skipped) ok = set_text(dict, key->environ_key, call.head_part(variables[i].value));
  }
  if (ok && !head.path_info_sent) {
    // The whole path is the application's; see CgiHead::find_path().
    const std::string_view path = call.head_part(head.path);
    ok = head.path_form == http::PathForm::kRaw ? add_path(dict, path) : set_text(dict, names.path_info, path);
    ok = ok && PyDict_SetItem(dict, names.script_name, names.empty) == 0;
  }
  if (head.body == http::BodyKind::kChunked && request.body_bytes > 0) {
    ok = ok && add_body_bytes(dict, request.body_bytes);
  }
  return ok;
}

// What the edge has found out about the request: the user, say.
bool add_added(PyObject* dict, const Call& call) {
  const gateway::RequestMeta& request = call.request();
  std::string_view rest(call.request_area() + request.head_at + request.head.head_bytes, request.added_bytes);
  const auto next = [&rest] {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    return text;
  };
  while (!rest.empty()) {
    const std::string_view name = next(), value = next();
    const HeaderKey* key = find_variable_key(name);
    if (key == nullptr || (!key->skipped && !set_text(dict, key->environ_key, value))) return false;
  }
  return true;
}

}  // namespace

bool prepare_environ() {
  names = {.request_method = intern("REQUEST_METHOD"),
           .path_info = intern("PATH_INFO"),
           .query_string = intern("QUERY_STRING"),
           .raw_uri = intern("RAW_URI"),
           .request_uri = intern("REQUEST_URI"),
           .server_protocol = intern("SERVER_PROTOCOL"),
           .remote_addr = intern("REMOTE_ADDR"),
           .remote_port = intern("REMOTE_PORT"),
           .content_type = intern("CONTENT_TYPE"),
           .content_length = intern("CONTENT_LENGTH"),
           .input = intern("wsgi.input"),
           .request_id = intern("tierce.request_id"),
           .server_name = intern("SERVER_NAME"),
           .server_port = intern("SERVER_PORT"),
           .http_host = intern("HTTP_HOST"),
           .uwsgi_core = intern("uwsgi.core"),
           .empty = intern(""),
           .http10 = intern("HTTP/1.0"),
           .http11 = intern("HTTP/1.1"),
           .script_name = intern("SCRIPT_NAME"),
           .methods = {nullptr, intern("GET"), intern("HEAD"), intern("POST"), intern("PUT"), intern("DELETE"),
                       intern("OPTIONS"), intern("PATCH"), intern("CONNECT"), intern("TRACE")}};
  for (const ListenerName& listener : settings().listeners) {
    templates.push_back({make_template(listener, false), make_template(listener, true)});
    if (templates.back()[0] == nullptr || templates.back()[1] == nullptr) return false;
  }
  return prepare_header_keys();
}

PyObject* make_environ(Call& call, PyObject* input) {
  const gateway::RequestMeta& request = call.request();
  const http::RequestHead& head = request.head;
  const gateway::ClientInfo& client = request.client;
  PyRef environ = PyRef::steal(PyDict_Copy(templates[client.listener][client.https ? 1 : 0]));
  if (!environ) return nullptr;
  PyObject* dict = environ.get();
  if (head.form == http::FieldForm::kVariables) {
    const bool made = add_variables(dict, call) && add_request_id(dict, request.request_id) &&
                      PyDict_SetItem(dict, names.input, input) == 0 && add_added(dict, call);
    return made ? environ.release() : nullptr;
  }

  PyObject* method = names.methods[static_cast<std::size_t>(head.method)];
  bool ok = method != nullptr ? PyDict_SetItem(dict, names.request_method, method) == 0
                              : set_text(dict, names.request_method, call.head_part(head.method_name));
  const PyRef target = PyRef::steal(latin1(call.head_part(head.target)));
  ok = ok && target && PyDict_SetItem(dict, names.raw_uri, target.get()) == 0 &&
       PyDict_SetItem(dict, names.request_uri, target.get()) == 0;
  ok = ok && add_path(dict, call.head_part(head.path));
  ok = ok && (head.query.length == 0 ? PyDict_SetItem(dict, names.query_string, names.empty) == 0
                                     : set_text(dict, names.query_string, call.head_part(head.query)));
  ok = ok && PyDict_SetItem(dict, names.server_protocol, head.minor_version == 0 ? names.http10 : names.http11) == 0;
  ok = ok && set_text(dict, names.remote_addr, {client.remote_address, client.remote_address_bytes});
  char digits[24];
  if (client.remote_address_bytes > 0) {
    const auto end = fmt::format_to(digits, "{}", client.remote_port);
    ok = ok && set_text(dict, names.remote_port, {digits, static_cast<std::size_t>(end - digits)});
  }
  ok = ok && add_request_id(dict, request.request_id);
  ok = ok && PyDict_SetItem(dict, names.input, input) == 0;
  // With one thread there is one core, and uWSGI does not number it.
  if (settings().uwsgi && settings().threads > 1)
    ok = ok && set(dict, names.uwsgi_core, PyLong_FromUnsignedLong(call.slot->thread));
  if (!ok) return nullptr;

  const auto* fields = reinterpret_cast<const http::HeaderField*>(call.request_area());
  for (std::uint32_t i = 0; i < head.field_count; ++i) {
    const HeaderKey* key = find_header_key(call.head_part(fields[i].name));
    if (key == nullptr) return nullptr;
    if (key->skipped) continue;
    if (!add_field(dict, *key, call.head_part(fields[i].value))) return nullptr;
  }
  if (head.body == http::BodyKind::kChunked) {
    // The edge has read it all, so its length is known.
    if (!add_body_bytes(dict, request.body_bytes)) return nullptr;
  }
  const std::string_view authority = call.head_part(head.authority);
  // An absolute-form target overrides Host (RFC 9112 3.2.2).
  if (head.target.length > 0 && call.head_part(head.target)[0] != '/' && !authority.empty() &&
      !set_text(dict, names.http_host, authority)) {
    return nullptr;
  }
  if (settings().listeners[client.listener].is_unix && !add_server_from_host(dict, authority, client.https))
    return nullptr;
  if (!add_added(dict, call)) return nullptr;
  return environ.release();
}

}  // namespace tierce::wsgi
