#include "app/banner.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "app/config/version.hpp"
#include "app/demo.hpp"
#include "app/store_choice.hpp"
#include "domain/schema/environment.hpp"
#include "http_api/console/console.hpp"

namespace togglecast::app {
namespace {

std::string url(std::string_view scheme, const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return std::string(scheme) + "://" + (v6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

// A wildcard means all addresses; a browser cannot open it.
bool is_wildcard(const std::string& address) {
  boost::system::error_code is_a_name;
  const auto parsed = boost::asio::ip::make_address(address, is_a_name);
  return !is_a_name && parsed.is_unspecified();
}

std::string url_to(std::string_view scheme, const std::string& address, std::uint16_t port) {
  return url(scheme, is_wildcard(address) ? "localhost" : address, port);
}

std::string addresses(const Settings& settings, std::uint16_t port) {
  const std::string_view scheme = settings.tls_certificate.empty() ? "http" : "https";
  if (settings.listen.empty())
    return url(scheme, "localhost", port) + "  (this machine only; --listen opens it to others)";
  if (std::any_of(settings.listen.begin(), settings.listen.end(), is_wildcard))
    return url(scheme, "localhost", port) +
           "  (from other machines, use an address of this machine, or a name of --public-url)";
  std::string text;
  for (const std::string& address : settings.listen)
    text += (text.empty() ? "" : "  ") + url(scheme, address, port);
  return text;
}

// The username of an owner: `owner` while that account exists, else any other.
std::string owner_of(const service::Application& application) {
  const auto system = application.model().current(domain::kSystemEnvironment);
  if (system->find_by_key<domain::AdminUser>(service::kFirstOwner) != nullptr)
    return std::string(service::kFirstOwner);
  std::string name;
  system->table<domain::AdminUser>().by_id.for_each([&](domain::Id, const auto& admin) {
    if (name.empty() && admin->role == domain::Role::owner) name = admin->username;
  });
  return name;
}

std::string shell_quoted(const std::string& text) {
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@") ==
      std::string::npos;
  if (plain && !text.empty()) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

}  // namespace

std::string banner(const Settings& settings, const Container::Bound& bound,
                   const service::Application& application, const FirstLogin& first_login,
                   const std::filesystem::path& program) {
  std::error_code ignored;
  const std::string data = std::filesystem::absolute(settings.data, ignored).lexically_normal().string();
  const std::string owner = owner_of(application);
  std::string login = owner;
  switch (first_login.disclosure()) {
    case FirstLogin::Disclosure::on_terminal:
      login +=
          ", password " + first_login.password().reveal() + "  (shown only once; change it within a day)";
      break;
    case FirstLogin::Disclosure::in_file:
      login += ", password in " + first_login.path().string();
      break;
    case FirstLogin::Disclosure::by_variable:
      login += ", password from TOGGLECAST_OWNER_PASSWORD";
      break;
    case FirstLogin::Disclosure::none:
      if (first_login.file_exists()) {
        login += ", password in " + first_login.path().string();
      } else {
        login += settings.store.empty() ? "; to set a new password, stop the server and run "
                                        : "; to set a new password, run, with the same --store, ";
        login += shell_quoted(program.string()) + " admin passwd" +
                 (settings.store.empty() ? " --data " + shell_quoted(data) : std::string()) +
                 (owner == service::kFirstOwner ? "" : " --username " + owner);
      }
      break;
  }
  std::string text = "Togglecast " + std::string(version()) + " is running.\n";
  text += "  Address  " + addresses(settings, bound.port) + '\n';
  const std::string_view scheme = settings.tls_certificate.empty() ? "http" : "https";
  const std::string first =
      url_to(scheme, settings.listen.empty() ? "localhost" : settings.listen.front(), bound.port);
  text += http_api::embedded_console() != nullptr
              ? "  Console  " + first + "/\n"
              : "  Console  not in this program; " + first + "/ says how to get it\n";
  if (bound.metrics_port)
    text +=
        "  Metrics  " + url_to("http", settings.metrics_listen->address, *bound.metrics_port) + "/metrics\n";
  if (!settings.store.empty()) text += "  Store    " + describe_store(settings) + '\n';
  text += "  Data     " + data + '\n';
  text += "  Login    " + login + '\n';
  if (settings.demo) text += describe_demo(application, first);
  text += "  Stop     Ctrl-C, or kill " + std::to_string(::getpid()) + '\n';
  return text;
}

}  // namespace togglecast::app
