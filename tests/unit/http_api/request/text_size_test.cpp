#include "http_api/request/text_size.hpp"

#include <gtest/gtest.h>

namespace togglecast::http_api {
namespace {

TEST(TextSize, CountsTextsNamesAndValues) {
  const json::value body{{"name", std::string(100, 'x')}, {"list", {1, 2, 3}}};

  EXPECT_FALSE(is_longer(body, 200));
  EXPECT_TRUE(is_longer(body, 100));
  EXPECT_TRUE(is_longer(json::array(100, json::object{{"id", 1}}), 1'000));
  EXPECT_FALSE(is_longer(nullptr, 10));
}

}  // namespace
}  // namespace togglecast::http_api
