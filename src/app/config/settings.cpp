#include "app/config/settings.hpp"

#include <algorithm>
#include <functional>

#include "app/config/oidc_values.hpp"
#include "app/config/option_values.hpp"
#include "app/config/suggestion.hpp"

namespace togglecast::app {
namespace {

constexpr std::string_view kVariablePrefix = "TOGGLECAST_";

bool metrics_port_is_taken(const Settings& settings) {
  const auto& metrics = settings.metrics_listen;
  if (!metrics || metrics->port == 0 || metrics->port != settings.port) return false;
  const Values own = settings.listen.empty() ? Values{"127.0.0.1", "::1"} : settings.listen;
  return std::any_of(own.begin(), own.end(), [&](const std::string& address) {
    return includes(address, metrics->address) || includes(metrics->address, address);
  });
}

}  // namespace

std::string variable_of(std::string_view option) {
  std::string variable(kVariablePrefix);
  for (const char c : option)
    variable += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return variable;
}

RawSettings read_environment(const std::function<const char*(const char*)>& lookup) {
  RawSettings found;
  for (const OptionSpec& option : options()) {
    const std::string variable = variable_of(option.name);
    const char* value = lookup(variable.c_str());
    if (value == nullptr || *value == '\0') continue;
    RawSetting setting{{}, variable};
    std::string_view rest = value;
    while (option.list && rest.find(',') != std::string_view::npos) {
      setting.values.emplace_back(rest.substr(0, rest.find(',')));
      rest.remove_prefix(rest.find(',') + 1);
    }
    setting.values.emplace_back(rest);
    found.emplace(option.name, std::move(setting));
  }
  return found;
}

std::vector<UnknownVariable> unknown_variables(const char* const* environment) {
  std::vector<std::string> known{"CONFIG", "OWNER_PASSWORD", "ADMIN_TOKEN", "CLIENT_TOKEN"};
  for (const OptionSpec& option : options())
    known.push_back(variable_of(option.name).substr(kVariablePrefix.size()));
  std::vector<UnknownVariable> unknown;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view one = *environment;
    if (!one.starts_with(kVariablePrefix)) continue;
    const std::string_view name = one.substr(0, one.find('=')).substr(kVariablePrefix.size());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string meant = nearest(name, known);
    unknown.push_back({std::string(kVariablePrefix) + std::string(name),
                       meant.empty() ? std::string() : std::string(kVariablePrefix) + meant});
  }
  return unknown;
}

Result<Settings> read_settings(const RawSettings& flags, const RawSettings& environment,
                               const RawSettings& file) {
  Settings settings;
  for (const OptionSpec& option : options()) {
    const RawSetting* chosen = nullptr;
    for (const RawSettings* source : {&file, &environment, &flags}) {
      const auto found = source->find(option.name);
      if (found != source->end()) chosen = &found->second;
    }
    if (chosen == nullptr) continue;
    if (!option.list && chosen->values.size() != 1)
      return refuse(chosen->source + ": takes one value; give it once");
    if (auto ok = option.apply(settings, chosen->values); !ok)
      return refuse(chosen->source + ": " + ok.error().message);
  }
  if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
    const bool certificate_alone = settings.tls_key.empty();
    return refuse(certificate_alone ? "--tls-certificate needs --tls-key; give both or neither"
                                    : "--tls-key needs --tls-certificate; give both or neither");
  }
  if (auto ok = check_oidc(settings); !ok) return tl::unexpected(ok.error());
  if (metrics_port_is_taken(settings))
    return refuse("--metrics-listen needs a port of its own; the server already listens on port " +
                  std::to_string(settings.port));
  return settings;
}

}  // namespace togglecast::app
