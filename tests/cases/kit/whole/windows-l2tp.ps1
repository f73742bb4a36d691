# Lab VPN (vpn.lab.example) by L2TP/IPsec, for guest1. Windows asks for name and password at the first dial.
$ErrorActionPreference = 'Stop'
$key = 'it''s a preshared key'
$name = 'Lab VPN (vpn.lab.example) L2TP'
Get-VpnConnection -Name $name -ErrorAction SilentlyContinue | Remove-VpnConnection -Force
Add-VpnConnection -Name $name -ServerAddress 'vpn.lab.example' -TunnelType L2tp -L2tpPsk $key `
    -AuthenticationMethod MSChapv2 -EncryptionLevel Required -RememberCredential -Force
Write-Host 'Ready: dial ''Lab VPN (vpn.lab.example) L2TP'' in the network settings, as guest1.'
