// Made by scripts/make-internals. Do not edit.
#pragma once
// clang-format off
#define CV8_ENGINE_VERSION "13.6.233.17-node.51"
#define CV8_ENGINE_BUILD_ID "25fe774bf6fed963aadd568780b9c1bc1f6d49fa"
#define CV8_ADDRESS_evaluate_global 0xd55850
#define CV8_BYTES_evaluate_global \
    "\x55\x48\x89\xe5\x41\x57\x41\x56\x41\x55\x41\x89\xd5\x41\x54\x49"
#define CV8_ADDRESS_use_optimizer 0xe10e60
#define CV8_BYTES_use_optimizer \
    "\x80\x3d\x32\xa3\xce\x05\x00\x75\x0b\x0f\xb6\x05\xb8\xa1\xce\x05"
#define CV8_ADDRESS_random_number_generator 0xe11820
#define CV8_BYTES_random_number_generator \
    "\x55\x48\x89\xe5\x41\x55\x41\x54\x53\x48\x83\xec\x08\x48\x8b\x9f"
#define CV8_ADDRESS_reset_random 0x10b8280
#define CV8_BYTES_reset_random \
    "\x66\x0f\xef\xc0\x48\xc7\x87\x4f\x05\x00\x00\x00\x00\x00\x00\x48"
#define CV8_ADDRESS_clear_reconstructable 0x142dba0
#define CV8_BYTES_clear_reconstructable \
    "\x55\x31\xd2\x48\x89\xe5\x41\x57\x49\x89\xff\x41\x56\x41\x55\x41"
#define CV8_ADDRESS_walk 0xeee680
#define CV8_BYTES_walk \
    "\x55\x48\x89\xe5\x41\x56\x41\x89\xd6\x41\x55\x49\x89\xfd\xbf\x28"
#define CV8_ADDRESS_next_object 0xeeb580
#define CV8_BYTES_next_object \
    "\x55\x48\x89\xe5\x41\x56\x41\x55\x41\x54\x53\x48\x89\xfb\x48\x83"
#define CV8_ADDRESS_collect 0xef3f60
#define CV8_BYTES_collect \
    "\x55\x48\x89\xe5\x41\x57\x41\x89\xf7\x41\x56\x41\x55\x41\x54\x41"
#define CV8_ADDRESS_count_handles 0xe3ec70
#define CV8_BYTES_count_handles \
    "\x48\x8b\x47\x08\x48\x8b\x40\x28\xc3\x0f\x1f\x80\x00\x00\x00\x00"
#define CV8_ADDRESS_checksum 0x142cfb0
#define CV8_BYTES_checksum \
    "\x55\x31\xd2\x48\x89\xe5\x41\x54\x49\x89\xfc\x31\xff\x53\x48\x89"
#define CV8_ADDRESS_lexical_names 0xd595b0
#define CV8_BYTES_lexical_names \
    "\x55\x48\x89\xe5\x41\x57\x49\x89\xf7\x41\x56\x41\x55\x41\x54\x53"
#define CV8_ADDRESS_context_lookup 0x10ca7e0
#define CV8_BYTES_context_lookup \
    "\x55\x48\x89\xe5\x41\x57\x49\x89\xff\x41\x56\x41\x55\x49\x89\xfd"
#define CV8_ADDRESS_generator_cast 0xd55610
#define CV8_BYTES_generator_cast \
    "\x55\x48\x89\xe5\x53\x48\x89\xfb\x48\x83\xec\x08\xe8\xff\xa8\xee"
#define CV8_ADDRESS_generator_is_suspended 0xd55600
#define CV8_BYTES_generator_is_suspended \
    "\x48\x8b\x07\x48\x63\x40\x43\x48\xf7\xd0\x48\xc1\xe8\x3f\xc3\x90"
#define CV8_ADDRESS_generator_location 0xd554a0
#define CV8_BYTES_generator_location \
    "\x55\x48\x89\xe5\x41\x55\x41\x54\x53\x48\x83\xec\x48\x48\x8b\x07"
#define CV8_ADDRESS_generator_script 0xd553b0
#define CV8_BYTES_generator_script \
    "\x55\x48\x89\xe5\x41\x54\x53\x48\x8b\x07\x48\x8b\x40\x17\x48\x8b"
#define CV8_ADDRESS_script_source_url 0xd53d90
#define CV8_BYTES_script_source_url \
    "\x55\x48\x89\xe5\x41\x54\x53\x48\x8b\x07\x48\x89\xc2\x4c\x8b\x60"
#define CV8_ADDRESS_location_line 0xd547b0
#define CV8_BYTES_location_line \
    "\x8b\x07\xc3\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00\x0f\x1f\x00"
#define CV8_ADDRESS_location_column 0xd547c0
#define CV8_BYTES_location_column \
    "\x8b\x47\x04\xc3\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00\x66\x90"
#define CV8_ADDRESS_iterate 0xe4afe0
#define CV8_BYTES_iterate \
    "\x55\x48\x89\xe5\x41\x54\x49\x89\xf4\x53\x48\x89\xfb\xe8\x8e\x36"
#define CV8_ADDRESS_collect_all 0xef4a00
#define CV8_BYTES_collect_all \
    "\x55\x48\x89\xe5\x41\x57\x41\x56\x41\x55\x41\x54\x53\x48\x8d\x9f"
#define CV8_ADDRESS_icu_open 0x2702870
#define CV8_BYTES_icu_open \
    "\x48\x85\xf6\x74\x1b\x8b\x06\x85\xc0\x7f\x15\x48\x89\xf2\x48\x89"
#define CV8_ADDRESS_icu_convert 0x2704860
#define CV8_BYTES_icu_convert \
    "\x55\x48\x89\xe5\x41\x57\x41\x56\x41\x55\x41\x54\x53\x48\x81\xec"
#define CV8_SITES_walk \
    0x142dbf7, 0x142ddde, 0x142df19
#define CV8_SITES_next_object \
    0x142dbff, 0x142dc2b, 0x142dc9b, 0x142dde6, 0x142dee3, 0x142df21, 0x142df3e, 0x142e26b, \
    0x142e4d8
#define CV8_SITES_collect \
    0xef4ac4, 0xef4b6d, 0xef4c40
#define CV8_SITES_count_handles \
    0xef4a6d, 0xef4ad0, 0xef4b02, 0xef4b79, 0xef4bd5, 0xef4c4c
#define CV8_SITES_checksum \
    0x142ffba, 0x14306b6, 0x1430722
#define CV8_SITES_iterate \
    0x1317a9a, 0x1317c53
#define CV8_SITES_collect_all \
    0x1317c37
#define CV8_RANGES \
    {0x600000, 0x800000}, \
    {0xc00000, 0x1c00000}, \
    {0x2800000, 0x3200000}, \
    {0x3c00000, 0x3e00000}, \
    {0x6400000, 0x6800000}
