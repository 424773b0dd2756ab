# Read by install.sh and firstrun.sh.
# shellcheck shell=bash disable=SC2034
device=gate-east
host_name=gate-east
time_zone=Asia/Shanghai
admin=technician
ssh_keys='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMadeUpMadeUpMadeUpMadeUpMadeUpMadeUpMade technician@office'
wifi_country=CN
connection=''
camera=picamera2
relay=gpio:17
data=''
read_only_root=no
requirement='shouwang[edge]==0.1.0'
