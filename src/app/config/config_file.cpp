#include "app/config/config_file.hpp"

#include <toml++/toml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "app/config/suggestion.hpp"

namespace togglecast::app {
namespace {

std::string at_line(const std::string& name, const toml::source_region& where) {
  return name + " line " + std::to_string(where.begin.line);
}

std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  return std::nullopt;
}

std::optional<std::vector<std::string>> values_of(const toml::node& node) {
  std::vector<std::string> values;
  const auto* array = node.as_array();
  if (array == nullptr) {
    const auto text = text_of(node);
    if (!text) return std::nullopt;
    values.push_back(*text);
    return values;
  }
  for (const toml::node& element : *array) {
    const auto text = text_of(element);
    if (!text) return std::nullopt;
    values.push_back(*text);
  }
  return values;
}

}  // namespace

Result<RawSettings> parse_config(std::string_view text, const std::string& name) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(Errc::invalid_argument,
                at_line(name, error.source()) + ": not valid TOML: " + std::string(error.description()));
  }
  RawSettings settings;
  for (const auto& [key, node] : table) {
    const std::string line = at_line(name, key.source());
    const OptionSpec* option = find_option(key.str());
    if (option == nullptr) {
      std::vector<std::string> known;
      for (const OptionSpec& one : options()) known.emplace_back(one.name);
      return fail(Errc::invalid_argument, line + ": there is no option '" + std::string(key.str()) + '\'' +
                                              did_you_mean(key.str(), known) +
                                              "; `togglecast serve --help` lists all options");
    }
    auto values = values_of(node);
    if (!values || (node.is_array() && !option->list)) {
      return fail(Errc::invalid_argument,
                  line + ": '" + std::string(key.str()) +
                      (option->list ? "' must be a string or a list of strings"
                                    : "' must be a string, a whole number or a boolean"));
    }
    settings.emplace(key.str(), RawSetting{*std::move(values), line + " (" + std::string(key.str()) + ")"});
  }
  return settings;
}

Result<RawSettings> read_config_file(const std::filesystem::path& path) {
  const auto cannot_read = [&path](const char* why) {
    return fail(Errc::invalid_argument, "cannot read the settings file " + path.string() + ": " + why);
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return cannot_read("it is a folder");
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return cannot_read(std::strerror(errno));
  return parse_config(text.str(), path.string());
}

}  // namespace togglecast::app
