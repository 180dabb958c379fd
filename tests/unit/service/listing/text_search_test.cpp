#include "service/listing/text_search.hpp"

#include <gtest/gtest.h>

namespace togglecast::service {
namespace {

TEST(TextSearch, LettersOfManyAlphabetsAreTheSameInBothCases) {
  EXPECT_EQ(fold_case("AbC-1_é"), "abc-1_é");
  EXPECT_EQ(fold_case("ÄÖÜ ÀÞ × ß"), "äöü àþ × ß");
  EXPECT_EQ(fold_case("ŁÓDŹ ČĐŇ ĲŸ"), "łódź čđň ĳŸ");
  EXPECT_EQ(fold_case("ΑΩ ΣΑΣ"), "αω σασ");
  EXPECT_EQ(fold_case("МОСКВА ЁЖ"), "москва ёж");
  EXPECT_EQ(fold_case("日本 😀 ⅷ"), "日本 😀 ⅷ");
}

TEST(TextSearch, AnEndInTheMiddleOfALetterIsKept) {
  EXPECT_EQ(fold_case("A\xc3"), "a\xc3");
  EXPECT_EQ(fold_case(""), "");
}

TEST(TextSearch, FindsPartsAnywhere) {
  EXPECT_TRUE(contains_folded("Öffentliche Seite", fold_case("ÖFF")));
  EXPECT_TRUE(contains_folded("Web shop", fold_case("SHOP")));
  EXPECT_TRUE(contains_folded("anything", ""));
  EXPECT_FALSE(contains_folded("Web shop", fold_case("shops")));
}

}  // namespace
}  // namespace togglecast::service
